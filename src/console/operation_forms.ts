// The forms of what can be done with an account.
import {amountJson, bodyOf} from './api';
import {Dialog} from './dialog';
import {fill, field, freshId, make} from './dom';
import {PostingForm} from './form';
import {type JsonObject, objectOf, textOf} from './json';
import {moneyText} from './numbers';

type Changed = () => void;

function amountField(): ReturnType<typeof field> {
    return field('Amount', {inputmode: 'decimal', placeholder: '0.00'});
}

function posting(number: string, verb: string, word: string, changed: Changed): PostingForm {
    const amount = amountField();
    return new PostingForm({
        fields: [amount.whole], inputs: [amount.input], submit: word,
        path: () => `/accounts/${number}/${verb}`,
        body: () => bodyOf({amount: amountJson(amount.input.value)}),
        done: (data) => `Done. The new balance is ${moneyText(textOf(data['new_balance']))}.`,
        after: changed,
    });
}

function transfer(number: string, changed: Changed): PostingForm {
    const to = field('To account', {inputmode: 'numeric'});
    const amount = amountField();
    return new PostingForm({
        fields: [to.whole, amount.whole], inputs: [to.input, amount.input], submit: 'Transfer',
        path: () => `/accounts/${number}/transfer`,
        body: () => bodyOf({
            to: JSON.stringify(to.input.value.trim()), amount: amountJson(amount.input.value),
        }),
        done: (data) => 'Done. The new balance is '
            + `${moneyText(textOf(objectOf(data['from'])['new_balance']))}.`,
        after: changed,
    });
}

function hold(number: string, changed: Changed): PostingForm {
    const amount = amountField();
    const expires = field('Expires in', {placeholder: '30s, 5m or 1h'},
        'Leave it empty for a hold that does not expire.');
    return new PostingForm({
        fields: [amount.whole, expires.whole], inputs: [amount.input, expires.input],
        submit: 'Place the hold',
        path: () => `/accounts/${number}/holds`,
        body: () => bodyOf({
            amount: amountJson(amount.input.value),
            expires_in: expires.input.value.trim() === '' ? undefined
                : JSON.stringify(expires.input.value.trim()),
        }),
        done: (data) => `Hold ${textOf(data['hold'])} is placed. Available now: `
            + `${moneyText(textOf(data['available']))}.`,
        after: changed,
    });
}

/** One form at a time, chosen by radio buttons, which arrow keys move between. */
export function operationForms(number: string, changed: Changed): HTMLElement {
    const forms: [string, PostingForm][] = [
        ['Deposit', posting(number, 'deposit', 'Deposit', changed)],
        ['Withdraw', posting(number, 'withdraw', 'Withdraw', changed)],
        ['Transfer', transfer(number, changed)],
        ['Hold', hold(number, changed)],
    ];
    const stage = make('div', {class: 'chosen-form'});
    const name = freshId('operation');
    const choice = make('fieldset', {class: 'choice'}, make('legend', {class: 'unseen'},
        'Operation'), ...forms.map(([word, form], i) => {
        const radio = make('input', {type: 'radio', name, id: `${name}-${i}`, checked: i === 0});
        radio.addEventListener('change', () => fill(stage, form.element));
        return make('span', {class: 'option'}, radio, make('label', {for: `${name}-${i}`}, word));
    }));
    fill(stage, forms[0]?.[1].element ?? null);
    return make('div', {}, choice, stage);
}

export function captureForm(number: string, one: JsonObject, changed: Changed): void {
    const id = textOf(one['hold']);
    const dialog = new Dialog(`Capture hold ${id}`);
    const amount = field('Amount', {inputmode: 'decimal', placeholder: '0.00'},
        `Leave it empty for all that remains: ${moneyText(textOf(one['remaining']))}.`);
    const to = field('To account', {inputmode: 'numeric'},
        'Leave it empty to pay it out of the ledger.');
    const final = make('input', {type: 'checkbox', id: freshId('final'), checked: true});
    const form = new PostingForm({
        fields: [amount.whole, to.whole, make('div', {class: 'check'}, final,
            make('label', {for: final.id}, 'Release the rest'))],
        inputs: [amount.input, to.input], submit: 'Capture',
        path: () => `/accounts/${number}/holds/${encodeURIComponent(id)}/capture`,
        body: () => bodyOf({
            amount: amount.input.value.trim() === '' ? undefined : amountJson(amount.input.value),
            to: to.input.value.trim() === '' ? undefined : JSON.stringify(to.input.value.trim()),
            final: String(final.checked),
        }),
        done: () => 'Captured.',
        after: (data) => finish(dialog, data, changed),
    });
    dialog.show(form.element);
}

export function releaseForm(number: string, one: JsonObject, changed: Changed): void {
    const id = textOf(one['hold']);
    const dialog = new Dialog(`Release hold ${id}`);
    const form = new PostingForm({
        fields: [make('p', {}, `${moneyText(textOf(one['remaining']))} will be available again.`)],
        inputs: [], submit: 'Release',
        path: () => `/accounts/${number}/holds/${encodeURIComponent(id)}/release`,
        body: () => '{}',
        done: () => 'Released.',
        after: (data) => finish(dialog, data, changed),
    });
    dialog.show(form.element);
}

function finish(dialog: Dialog, data: JsonObject | null, changed: Changed): void {
    if (data !== null) {
        dialog.close();
    }
    changed();
}
