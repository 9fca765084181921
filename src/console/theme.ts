// Dark or light: as the system has it, until the button chooses.
import {redrawCharts} from './chart';
import {fill, icon, make} from './dom';

type Theme = 'light' | 'dark';

const place = 'coffer-theme';
const system = matchMedia('(prefers-color-scheme: dark)');

function chosen(): Theme | null {
    const kept = sessionStorage.getItem(place);
    return kept === 'light' || kept === 'dark' ? kept : null;
}

function now(): Theme {
    return chosen() ?? (system.matches ? 'dark' : 'light');
}

export function applyTheme(): void {
    document.documentElement.dataset['theme'] = now();
    redrawCharts();
}

export function themeButton(): HTMLButtonElement {
    const made = make('button', {type: 'button', class: 'quiet round'});
    const show = (): void => {
        const other = now() === 'dark' ? 'light' : 'dark';
        made.setAttribute('aria-label', `Use ${other} colours`);
        made.title = `Use ${other} colours`;
        fill(made, other === 'light'
            ? icon('M10 6.2a3.8 3.8 0 1 0 0 7.6a3.8 3.8 0 0 0 0-7.6z',
                'M10 1.6v1.8M10 16.6v1.8M1.6 10h1.8M16.6 10h1.8M4 4l1.3 1.3M14.7 14.7L16 16'
                + 'M4 16l1.3-1.3M14.7 5.3L16 4')
            : icon('M16.5 12.2A7 7 0 0 1 7.8 3.5a7 7 0 1 0 8.7 8.7z'));
    };
    made.addEventListener('click', () => {
        sessionStorage.setItem(place, now() === 'dark' ? 'light' : 'dark');
        applyTheme();
        show();
    });
    system.addEventListener('change', () => {
        applyTheme();
        show();
    });
    show();
    return made;
}
