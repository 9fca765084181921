// Asks for /metrics each second and keeps what the charts show of the last minutes.
import {open} from './api';
import type {Line} from './chart';
import {counted, quantile, rate, Scrape} from './metrics';

const kept = 240;
const everyMs = 1000;

/** The names of the lines, and how each is found between two scrapes. The first metric that the
 * server has counts: older ones have fewer. */
const finders = {
    requests: (a: Scrape, b: Scrape) => rate(a, b, 'coffer_http_requests_total'),
    postings: (a: Scrape, b: Scrape) => rate(a, b, 'coffer_postings_total', {result: 'ok'})
        ?? rate(a, b, 'coffer_journal_records_total'),
    half: latency('coffer_http_request_seconds', 0.5),
    most: latency('coffer_http_request_seconds', 0.99),
    nearlyAll: latency('coffer_http_request_seconds', 0.999),
    diskHalf: latency('coffer_http_disk_wait_seconds', 0.5),
    diskMost: latency('coffer_http_disk_wait_seconds', 0.99),
    sync: latency('coffer_journal_sync_seconds', 0.99),
    retries: (a: Scrape, b: Scrape) => rate(a, b, 'coffer_cas_retries_total'),
    notDurable: (_: Scrape, b: Scrape) => b.sum('coffer_journal_oldest_seconds')
        ?? b.sum('coffer_journal_oldest_pending_seconds'),
    auditLag: (_: Scrape, b: Scrape) => b.sum('coffer_audit_lag_seconds'),
    connections: (_: Scrape, b: Scrape) => b.sum('coffer_connections'),
    holds: (_: Scrape, b: Scrape) => b.sum('coffer_holds'),
};
export type LineName = keyof typeof finders;

function latency(name: string, share: number) {
    return (before: Scrape, now: Scrape): number | null =>
        quantile(counted(before, now, name), share);
}

type Listener = (vitals: Vitals) => void;

export class Vitals {
    /** Seconds since 1970. */
    readonly times: number[] = [];
    readonly lines = Object.fromEntries(
        Object.keys(finders).map((name) => [name, []])) as unknown as Record<LineName, Line>;
    last: Scrape | null = null;
    /** Why the last one failed; null if it did not. */
    failure: unknown = null;
    private readonly listeners = new Set<Listener>();
    private isAsking = false;
    private turn = 0;

    constructor() {
        setInterval(() => void this.ask(), everyMs);
        document.addEventListener('visibilitychange', () => void this.ask());
        void this.ask();
    }

    /** Calls this now and after each scrape. Returns what ends that. */
    follow(listener: Listener): () => void {
        this.listeners.add(listener);
        listener(this);
        return () => this.listeners.delete(listener);
    }

    /** Forgets what was read, and what is being read. */
    clear(): void {
        this.turn += 1;
        this.last = null;
        this.times.length = 0;
        Object.values(this.lines).forEach((line) => line.splice(0));
    }

    lineOf(name: LineName): Line {
        return this.lines[name];
    }

    latest(name: LineName): number | null {
        return this.lines[name].at(-1) ?? null;
    }

    private async ask(): Promise<void> {
        if (this.isAsking || document.hidden) {
            return;
        }
        this.isAsking = true;
        const {turn} = this;
        try {
            const reply = await open('/metrics', {accept: 'text/plain'});
            const text = await reply.text();
            if (turn === this.turn) {
                this.take(new Scrape(text));
            }
            this.failure = null;
        } catch (failure) {
            this.failure = failure;
            this.last = null;
        }
        this.isAsking = false;
        this.listeners.forEach((listener) => listener(this));
    }

    private take(now: Scrape): void {
        const before = this.last;
        this.last = now;
        if (before === null) {
            return;
        }
        const time = Date.now() / 1000;
        if (time - (this.times.at(-1) ?? time) > 5 * everyMs / 1000) {  // the page was hidden
            this.push(time - everyMs / 1000, () => null);
        }
        this.push(time, (name) => finders[name](before, now));
    }

    private push(time: number, valueOf: (name: LineName) => number | null): void {
        this.times.push(time);
        for (const name of Object.keys(this.lines) as LineName[]) {
            this.lines[name].push(valueOf(name));
        }
        if (this.times.length > kept) {
            this.times.shift();
            Object.values(this.lines).forEach((line) => line.shift());
        }
    }
}
