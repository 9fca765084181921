// A form that posts: one key for each operation, however often it is sent, and the API's own words
// for what is refused.
import {ask, freshKey, membersText, reasonOf, Refusal} from './api';
import {add, fill, make} from './dom';
import type {JsonObject} from './json';

export interface FormOptions {
    fields: HTMLElement[];
    inputs: HTMLInputElement[];
    submit: string;
    path: () => string;
    body: () => string;
    /** What a success is called. */
    done: (data: JsonObject) => string;
    /** After a success, and after a refusal that leaves doubt. */
    after: (data: JsonObject | null) => void;
}

export class PostingForm {
    readonly element: HTMLFormElement;
    private readonly send: HTMLButtonElement;
    private readonly good = make('div', {role: 'status'});
    private readonly bad = make('div', {role: 'alert'});
    /** Of the operation that the fields have; nothing before it was sent. */
    private key: string | null = null;
    /** Whether it may have been posted by a try whose outcome is not known. */
    private isInDoubt = false;

    constructor(private readonly options: FormOptions) {
        this.send = make('button', {type: 'submit', class: 'primary'}, options.submit);
        this.element = make('form', {class: 'stack posting', novalidate: true}, ...options.fields,
            make('div', {class: 'actions'}, this.send), make('div', {}, this.good, this.bad));
        // A changed form is another operation.
        this.element.addEventListener('input', () => this.beginAnother());
        this.element.addEventListener('submit', (event) => {
            event.preventDefault();
            void this.post();
        });
    }

    private beginAnother(): void {
        this.key = null;
        this.isInDoubt = false;
    }

    private async post(): Promise<void> {
        if (this.send.getAttribute('aria-disabled') === 'true') {
            return;
        }
        this.send.setAttribute('aria-disabled', 'true');
        fill(this.good);
        fill(this.bad);
        this.key ??= freshKey();
        try {
            const data = await ask(this.options.path(),
                {method: 'POST', body: this.options.body(), key: this.key});
            this.beginAnother();
            add(this.good, make('p', {class: 'success'}, this.options.done(data)));
            this.options.inputs.forEach((input) => {
                input.value = '';
            });
            this.options.after(data);
            this.options.inputs[0]?.focus();
        } catch (failure) {
            this.showRefusal(failure);
        }
        this.send.removeAttribute('aria-disabled');
    }

    private showRefusal(failure: unknown): void {
        const refusal = failure instanceof Refusal ? failure : null;
        if (refusal?.isDecided === true) {
            this.beginAnother();  // the refusal stands: the next try is another operation
        } else if (refusal === null || refusal.leavesDoubt) {
            this.isInDoubt = true;
        }
        const details = refusal === null ? '' : membersText(refusal.members);
        add(this.bad, make('p', {class: 'refusal'},
            make('strong', {}, refusal?.type.replaceAll('_', ' ') ?? 'failed'),
            ` ${reasonOf(failure)}${details === '' ? '' : ` (${details})`}`),
            this.isInDoubt ? make('p', {class: 'remark'},
                'It may have been posted. Sending it again unchanged posts it once at most.')
                : null);
        if (this.isInDoubt) {
            this.options.after(null);
        }
    }
}
