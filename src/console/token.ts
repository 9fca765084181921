// The token, which this tab alone keeps, and the dialog that asks for it.
import {add, button, field, fill, make, say} from './dom';

const place = 'coffer-token';
let asking: Promise<boolean> | null = null;
let isDeclined = false;
let changed: () => void = () => undefined;

/** Empty if there is none. */
export function token(): string {
    return sessionStorage.getItem(place) ?? '';
}

/** Calls this whenever a token has come or gone, or was declined. */
export function onTokenChange(call: () => void): void {
    changed = call;
}

/** Whether the server wants a token and the user did not give one. */
export function lacksToken(): boolean {
    return isDeclined && token() === '';
}

export function forgetToken(): void {
    sessionStorage.removeItem(place);
    isDeclined = true;
    changed();
}

/** After a 401 with this token: whether there is another one now. Asks once for all requests, and
 * not again after it was declined, until `invite` is called. */
export function askForToken(refused: string, why: string): Promise<boolean> {
    if (token() !== refused) {
        return Promise.resolve(true);
    }
    if (isDeclined) {
        return Promise.resolve(false);
    }
    asking ??= show(refused === '' ? '' : why).finally(() => {
        asking = null;
        changed();
    });
    return asking;
}

/** Has the next 401 ask again, and asks at once. */
export function invite(): Promise<boolean> {
    isDeclined = false;
    return askForToken(token(), '');
}

function show(why: string): Promise<boolean> {
    const {whole, input} = field('Token', {
        type: 'password', autocapitalize: 'off', required: true,
        pattern: '\\s*[!-~]+\\s*', title: 'Visible characters of ASCII',
    }, 'Kept by this tab until you close it.');
    const problem = make('p', {class: 'refusal', role: 'alert'});
    say(problem, why === '' ? '' : `The server refused the last one: ${why}.`);
    const title = make('h2', {id: 'token-title'}, 'This server asks for a token');
    const form = make('form', {method: 'dialog', class: 'stack'}, title, problem, whole);
    const dialog = make('dialog', {class: 'dialog', 'aria-labelledby': 'token-title'}, form);
    add(form, make('div', {class: 'actions'},
        make('button', {type: 'submit', class: 'primary'}, 'Use this token'),
        button('Not now', () => dialog.close())));
    if (why === '') {
        problem.remove();
    }
    return new Promise((resolve) => {
        form.addEventListener('submit', (event) => {
            event.preventDefault();
            sessionStorage.setItem(place, input.value.trim());
            dialog.close();
        });
        dialog.addEventListener('close', () => {
            const given = input.value.trim() !== '' && token() === input.value.trim();
            isDeclined = !given;
            fill(dialog);
            dialog.remove();
            resolve(given);
        });
        document.body.append(dialog);
        dialog.showModal();
        input.focus();
    });
}
