// Follows /events by fetch, as an EventSource can send no token. Goes on after the last record that
// was seen, and skips what there is too much of to be looked at.
import {open, reasonOf, Refusal} from './api';

export type ReaderState = 'connecting' | 'following' | 'waiting' | 'refused';

export interface ReaderCalls {
    /** Texts of events in JSON, the oldest first, and how many came before them unread. */
    taken: (events: string[], skipped: number) => void;
    changed: (state: ReaderState, why: string) => void;
}

const mostAtOnce = 40;
const pauseMs = 1000;

export class EventReader {
    private readonly stopped = new AbortController();
    private lastId = '';

    constructor(private readonly query: string, private readonly calls: ReaderCalls) {
        void this.run();
    }

    stop(): void {
        this.stopped.abort();
    }

    private async run(): Promise<void> {
        while (!this.stopped.signal.aborted) {
            this.calls.changed('connecting', '');
            try {
                await this.follow();
                this.report('waiting', 'the server ended the stream');
            } catch (failure) {
                const isFinal = failure instanceof Refusal && failure.status >= 400
                    && failure.status < 500 && failure.status !== 410 && failure.status !== 429
                    || failure instanceof Refusal && failure.status === 501;
                this.report(isFinal ? 'refused' : 'waiting', reasonOf(failure));
                if (isFinal) {
                    return;
                }
                if (failure instanceof Refusal && failure.status === 410) {
                    this.lastId = '';  // what came next has been trimmed
                }
            }
            await new Promise((resolve) => setTimeout(resolve, pauseMs));
        }
    }

    private report(state: ReaderState, why: string): void {
        if (!this.stopped.signal.aborted) {
            this.calls.changed(state, why);
        }
    }

    private async follow(): Promise<void> {
        const query = this.lastId === '' ? `after=end&${this.query}` : this.query;
        const reply = await open(`/events?${query}`, {
            accept: 'text/event-stream', signal: this.stopped.signal,
            ...(this.lastId === '' ? {} : {lastEventId: this.lastId}),
        });
        if (reply.body === null) {
            return;
        }
        this.report('following', '');
        const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
        let rest = '';
        for (;;) {
            const {done, value} = await reader.read();
            if (done) {
                return;
            }
            const text = rest + value;
            const end = text.lastIndexOf('\n\n');
            rest = end < 0 ? text : text.slice(end + 2);
            if (end >= 0) {
                this.take(text.slice(0, end));
            }
        }
    }

    /** Takes whole blocks, the last ones of them: a line each of `id`, `event` and `data`. */
    private take(text: string): void {
        const blocks = text.split('\n\n');
        const events: string[] = [];
        let count = 0;
        for (let i = blocks.length - 1; i >= 0; --i) {
            const block = blocks[i] ?? '';
            if (!block.startsWith('id:') || !block.includes('\ndata:')) {
                continue;
            }
            count += 1;
            if (events.length < mostAtOnce) {
                events.push(block.slice(block.indexOf('\ndata:') + 6).trim());
            }
        }
        for (let i = blocks.length - 1; i >= 0; --i) {
            const id = /^id: ?(\S+)$/m.exec(blocks[i] ?? '')?.[1];
            if (id !== undefined) {
                this.lastId = id;
                break;
            }
        }
        if (count > 0) {
            this.calls.taken(events.reverse(), count - events.length);
        }
    }
}
