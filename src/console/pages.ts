// A list that comes page by page: shows one, and goes forward and back.
import {ask, reasonOf} from './api';
import {button, empty, fill, make, say} from './dom';
import {type JsonObject, listOf, textOf} from './json';

export interface PageOptions {
    /** Of the lists' path, with the query but for `limit` and `after`. */
    path: () => string;
    /** The member that has the list. */
    member: string;
    limit: number;
    row: (one: JsonObject) => HTMLTableRowElement;
    /** Shown in place of the table where there is nothing. */
    nothing: HTMLElement;
    /** What `after` is before the first page. */
    begin?: () => string | undefined;
}

export class Pages {
    readonly element: HTMLElement;
    private readonly status = make('span', {class: 'remark', role: 'status'});
    private readonly back = button('Back', () => this.turn(-1));
    private readonly next = button('Next', () => this.turn(1));
    private readonly place = make('div');
    /** The cursors of the pages up to the one that is shown. */
    private cursors: (string | undefined)[] = [];
    private nextCursor = '';
    private asked = 0;
    /** The list that the rows are of, as text. */
    private shown = '';

    constructor(private readonly table: {whole: HTMLElement; body: HTMLTableSectionElement},
                private readonly options: PageOptions) {
        this.element = make('div', {class: 'pages'}, this.place,
            make('div', {class: 'pager'}, this.back, this.next, this.status));
        this.back.disabled = this.next.disabled = true;
    }

    /** Shows the first page. */
    async restart(): Promise<void> {
        this.cursors = [this.options.begin?.()];
        await this.load();
    }

    /** Shows the same page as it is now. */
    async refresh(): Promise<void> {
        await (this.cursors.length === 0 ? this.restart() : this.load());
    }

    private turn(by: number): void {
        if (by < 0) {
            this.cursors.pop();
        } else {
            this.cursors.push(this.nextCursor);
        }
        void this.load();
    }

    private async load(): Promise<void> {
        this.asked += 1;
        const turn = this.asked;
        const {path, member, limit} = this.options;
        const query = new URLSearchParams({limit: String(limit)});
        const after = this.cursors.at(-1);
        if (after !== undefined) {
            query.set('after', after);
        }
        let data: JsonObject = {};
        try {
            data = await ask(`${path()}${path().includes('?') ? '&' : '?'}${query}`);
        } catch (failure) {
            if (turn === this.asked) {
                fill(this.place, empty('This cannot be shown', reasonOf(failure)));
                this.nextCursor = this.shown = '';
                this.showTurn('');
            }
            return;
        }
        if (turn !== this.asked) {
            return;
        }
        const rows = listOf(data[member]);
        this.nextCursor = textOf(data['next']);
        // Rows that are made anew lose the focus.
        const text = JSON.stringify(rows);
        if (text !== this.shown) {
            this.shown = text;
            fill(this.table.body, ...rows.map((one) => this.options.row(one)));
            fill(this.place, rows.length === 0 ? this.options.nothing : this.table.whole);
        }
        this.showTurn(`Page ${this.cursors.length}`);
    }

    private showTurn(text: string): void {
        const focused = document.activeElement;
        this.back.disabled = this.cursors.length < 2;
        this.next.disabled = this.nextCursor === '';
        if (focused === this.next && this.next.disabled) {
            this.back.focus();
        } else if (focused === this.back && this.back.disabled) {
            this.next.focus();
        }
        const isOne = this.back.disabled && this.next.disabled;
        this.back.hidden = this.next.hidden = isOne;
        say(this.status, isOne ? '' : text);
    }
}
