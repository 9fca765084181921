// Whether the server is well: its readiness by name, and what the audit finds.
import {ask, Refusal} from './api';
import {fill, make} from './dom';
import {type JsonObject, objectOf, textOf} from './json';
import type {Scrape} from './metrics';
import {countText, secondsText} from './numbers';

const everyMs = 2000;

export interface Readiness {
    state: 'ready' | 'standby' | 'not ready' | 'unreachable' | 'unknown';
    /** Of a node of a replicated ledger; empty otherwise. */
    role: string;
    why: string;
    checks: JsonObject;
}

async function readiness(): Promise<Readiness> {
    try {
        const data = await ask('/readyz');
        return {
            state: 'ready', role: textOf(data['role']), why: 'It takes postings.',
            checks: objectOf(data['checks']),
        };
    } catch (failure) {
        if (!(failure instanceof Refusal)) {
            throw failure;
        }
        const role = textOf(failure.members['role']);
        const state = failure.status === 0 ? 'unreachable'
            : failure.status !== 503 ? 'unknown'
            : role === 'standby' ? 'standby' : 'not ready';
        return {state, role, why: failure.message, checks: objectOf(failure.members['checks'])};
    }
}

/** Asks for it again and again. */
export class Health {
    private readonly listeners = new Set<(found: Readiness) => void>();
    private last: Readiness | null = null;
    private turn = 0;

    constructor() {
        setInterval(() => void this.update(), everyMs);
        void this.update();
    }

    /** Calls this now and whenever something has changed. Returns what ends that. */
    follow(listener: (found: Readiness) => void): () => void {
        this.listeners.add(listener);
        if (this.last !== null) {
            listener(this.last);
        }
        return () => this.listeners.delete(listener);
    }

    /** Forgets what was found, and what is being asked. */
    clear(): void {
        this.turn += 1;
        this.take({state: 'unknown', role: '', why: '', checks: {}});
        void this.update();
    }

    private async update(): Promise<void> {
        if (document.hidden) {
            return;
        }
        const {turn} = this;
        const found = await readiness();
        if (turn === this.turn) {
            this.take(found);
        }
    }

    private take(found: Readiness): void {
        if (JSON.stringify(found) !== JSON.stringify(this.last)) {
            this.last = found;
            this.listeners.forEach((listener) => listener(found));
        }
    }
}

type Mood = 'good' | 'bad' | 'unsure';

/** A word with a dot before it; never by its colour alone. */
export function pill(mood: Mood, text: string): HTMLElement {
    return make('span', {class: `pill ${mood}`},
        make('span', {class: 'dot', 'aria-hidden': 'true'}), text);
}

/** The pill of a readiness. */
export function readinessPill({state}: Readiness): HTMLElement {
    const words = {
        'ready': 'Ready', 'standby': 'Standby', 'not ready': 'Not ready',
        'unreachable': 'Not reachable', 'unknown': 'Not known',
    };
    const unsure = state === 'unknown' || state === 'standby';
    return pill(state === 'ready' ? 'good' : unsure ? 'unsure' : 'bad', words[state]);
}

export class HealthPanel {
    readonly element: HTMLElement;
    private readonly state = make('div', {class: 'health-state'});
    private readonly checks = make('ul', {class: 'checks'});
    private readonly audit = make('div', {class: 'health-state'});
    private shownAudit = '';

    constructor() {
        this.element = make('section', {class: 'card wide health', 'aria-label': 'Health'},
            make('div', {}, make('h2', {}, 'Readiness'), this.state, this.checks),
            make('div', {}, make('h2', {}, 'Audit'), this.audit));
    }

    showAudit(now: Scrape | null): void {
        const verdict = now?.labelOf('coffer_audit_verdict', 'verdict') ?? null;
        const lag = now?.sum('coffer_audit_lag_seconds') ?? null;
        const compared = now?.sum('coffer_audit_comparisons_total') ?? 0;
        const text = `${verdict} ${compared} ${lag === null ? '' : secondsText(lag)}`;
        if (text === this.shownAudit) {
            return;
        }
        this.shownAudit = text;
        if (verdict === null) {
            fill(this.audit, pill('unsure', 'No continuous audit'),
                make('p', {}, 'This server does not compare its ledger with its journal.'));
            return;
        }
        const moods: Record<string, Mood> = {same: 'good', differs: 'bad'};
        const words: Record<string, string> = {
            same: 'The ledger is what its journal says',
            differs: 'The ledger differs from its journal',
        };
        fill(this.audit, pill(moods[verdict] ?? 'unsure', words[verdict] ?? 'Nothing compared yet'),
            make('p', {}, `Snapshots compared: ${countText(compared)}. `
                + (lag === null ? '' : `Behind the journal by ${secondsText(lag)}.`)));
    }

    showReadiness(found: Readiness): void {
        fill(this.state, readinessPill(found), make('p', {}, found.why));
        fill(this.checks, ...Object.entries(found.checks).map(([name, value]) => {
            const state = textOf(value);
            return make('li', {}, make('span', {class: 'check-name'}, name.replaceAll('_', ' ')),
                pill(state === 'ok' ? 'good' : 'bad', state));
        }));
    }
}
