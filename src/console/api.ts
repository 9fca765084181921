// Asks the server. Replies are objects whose numbers are texts: see json.ts.
import {askForToken, token} from './token';
import {type Json, type JsonObject, objectOf, parse, textOf} from './json';

/** Statuses of requests whose key was not looked at. */
const undecided = [401, 403, 408, 421, 429];

/** Why there is no success: the API's own refusal, or that the server cannot be reached. */
export class Refusal extends Error {
    constructor(readonly status: number, readonly type: string, message: string,
                readonly members: JsonObject = {}) {
        super(message);
    }

    /** Whether the request may have been done all the same. */
    get leavesDoubt(): boolean {
        return this.status === 0 || this.type === 'outcome_unknown';
    }

    /** Whether the same request with the same key would be refused again. Others may be done when
     * they are sent again. */
    get isDecided(): boolean {
        return this.status >= 400 && this.status < 500 && !undecided.includes(this.status)
            && this.type !== 'request_in_progress';
    }
}

export interface Asked {
    method?: 'GET' | 'POST';
    /** As JSON, as it is to be sent. */
    body?: string;
    key?: string;
    accept?: string;
    lastEventId?: string;
    signal?: AbortSignal;
}

/** The data of a success. Throws a Refusal, or the signal's reason. */
export async function ask(path: string, asked: Asked = {}): Promise<JsonObject> {
    const reply = await open(path, {accept: 'application/json', ...asked});
    return objectOf(objectOf(parse(await reply.text()))['data']);
}

/** A success whose body is yet to be read. Asks for a token where one is needed. */
export async function open(path: string, asked: Asked): Promise<Response> {
    for (;;) {
        const sent = token();
        const reply = await send(path, asked, sent);
        if (reply.ok) {
            return reply;
        }
        const refusal = await refusalOf(reply);
        if (refusal.status !== 401 || !await askForToken(sent, refusal.message)) {
            throw refusal;
        }
    }
}

/** A standby answers by what it has; elsewhere this changes nothing. */
function perhapsStale(path: string): string {
    return `${path}${path.includes('?') ? '&' : '?'}stale=ok`;
}

async function send(path: string, asked: Asked, bearer: string): Promise<Response> {
    const headers = new Headers({Accept: asked.accept ?? 'application/json'});
    const fields: [string, string | undefined][] = [
        ['Authorization', bearer === '' ? undefined : `Bearer ${bearer}`],
        ['Content-Type', asked.body === undefined ? undefined : 'application/json'],
        ['Idempotency-Key', asked.key],
        ['Last-Event-ID', asked.lastEventId],
    ];
    for (const [name, value] of fields) {
        if (value !== undefined) {
            headers.set(name, value);
        }
    }
    try {
        const method = asked.method ?? 'GET';
        return await fetch(method === 'GET' ? perhapsStale(path) : path, {
            method, headers, body: asked.body ?? null, cache: 'no-store',
            credentials: 'omit', redirect: 'error', signal: asked.signal ?? null,
        });
    } catch (failure) {
        if (asked.signal?.aborted === true) {
            throw failure;
        }
        throw new Refusal(0, 'unreachable', 'the server does not answer');
    }
}

async function refusalOf(reply: Response): Promise<Refusal> {
    let error: JsonObject = {};
    try {
        error = objectOf(objectOf(parse(await reply.text()))['error']);
    } catch {
        // It is no JSON: the status says what there is to say.
    }
    const {type, message, ...members} = error;
    return new Refusal(reply.status, textOf(type) || `status ${reply.status}`,
        textOf(message) || reply.statusText, members);
}

/** A key that no request had. Not by randomUUID, which a page without TLS does not have. */
export function freshKey(): string {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return 'console-' + Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The members of a refusal behind its message, in words. */
export function membersText(members: JsonObject): string {
    const parts = Object.entries(members)
        .filter(([, value]) => typeof value === 'string')
        .map(([name, value]) => `${name.replaceAll('_', ' ')}: ${value as string}`);
    return parts.join(', ');
}

export function reasonOf(failure: unknown): string {
    return failure instanceof Error ? failure.message : String(failure);
}

/** An amount as JSON: digits as a number, anything else as a text, which the API refuses. */
export function amountJson(typed: string): string {
    const text = typed.trim();
    return /^-?(0|[1-9]\d*)(\.\d+)?$/.test(text) ? text : JSON.stringify(text);
}

export function bodyOf(members: Record<string, string | undefined>): string {
    const parts = Object.entries(members)
        .filter((one): one is [string, string] => one[1] !== undefined)
        .map(([name, value]) => `${JSON.stringify(name)}:${value}`);
    return `{${parts.join(',')}}`;
}

export type {Json, JsonObject};
