// Opens an account.
import {amountJson, bodyOf} from './api';
import {Dialog} from './dialog';
import {field, make} from './dom';
import {PostingForm} from './form';
import {textOf} from './json';

export function openAccountForm(): {element: HTMLElement; show: () => void} {
    const dialog = new Dialog('Open an account');
    const number = field('Account number', {inputmode: 'numeric'},
        'Leave it empty for the next number that is free.');
    const balance = field('Opening balance', {inputmode: 'decimal', placeholder: '0.00'});
    const form = new PostingForm({
        fields: [number.whole, balance.whole], inputs: [number.input, balance.input],
        submit: 'Open the account',
        path: () => '/accounts',
        body: () => bodyOf({
            account_number: number.input.value.trim() === '' ? undefined
                : JSON.stringify(number.input.value.trim()),
            opening_balance: balance.input.value.trim() === '' ? undefined
                : amountJson(balance.input.value),
        }),
        done: (data) => `Account ${textOf(data['account_number'])} is open.`,
        after: (data) => {
            if (data !== null) {
                dialog.close();
                location.hash = `#/accounts/${textOf(data['account_number'])}`;
            }
        },
    });
    return {element: make('div'), show: () => dialog.show(form.element)};
}
