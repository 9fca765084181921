// All accounts by their numbers, page by page, from any number on.
import {ask} from './api';
import {button, empty, fill, make, say, table} from './dom';
import {type JsonObject, textOf} from './json';
import {grouped, moneyText} from './numbers';
import {openAccountForm} from './opening_form';
import {Pages} from './pages';
import type {View} from './view';

export function accounts(): View {
    const search = make('input', {
        id: 'account-search', type: 'search', inputmode: 'numeric', autocomplete: 'off',
        placeholder: 'Account number', 'aria-describedby': 'search-remark',
    });
    const list = table('Accounts', ['Account', {name: 'Balance', kind: 'number'},
        {name: 'Held', kind: 'number'}, {name: 'Available', kind: 'number'},
        {name: 'Postings', kind: 'number'}, 'Status']);
    const pages = new Pages(list, {
        path: () => '/accounts', member: 'accounts', limit: 20, row,
        nothing: empty('No accounts from here on', 'Search for a lower number, or open one.'),
        begin: () => before(search.value),
    });
    const found = make('p', {class: 'remark', id: 'search-remark'},
        'The list begins at this number. Enter opens the account.');
    const form = make('form', {role: 'search', class: 'search'},
        make('label', {for: 'account-search'}, 'Find an account'),
        make('div', {class: 'joined'}, search, make('button', {type: 'submit'}, 'Open')), found);
    let timer: ReturnType<typeof setTimeout> | undefined;
    search.addEventListener('input', () => {
        clearTimeout(timer);
        timer = setTimeout(() => void pages.restart(), 200);
    });
    form.addEventListener('submit', (event) => {
        event.preventDefault();
        if (/^\d+$/.test(search.value.trim())) {
            location.hash = `#/accounts/${search.value.trim()}`;
        } else {
            say(found, 'An account number has digits alone.');
        }
    });
    const opening = openAccountForm();
    const element = make('div', {class: 'stack'},
        make('div', {class: 'heads'}, form,
            button('Open a new account', () => opening.show(), {class: 'posts'})),
        pages.element, opening.element);
    return {
        title: 'Accounts', element,
        begin: () => {
            void pages.restart();
            return () => clearTimeout(timer);
        },
    };
}

/** The cursor after which the account of this number comes. */
function before(typed: string): string | undefined {
    const text = typed.trim();
    if (!/^[1-9]\d{0,18}$/.test(text)) {
        return undefined;
    }
    const cursor = BigInt(text) - 1n;
    return cursor === 0n ? undefined : cursor.toString();
}

/** A row that has the balance at once, and the rest when its account has been asked for. */
function row(one: JsonObject): HTMLTableRowElement {
    const number = textOf(one['account_number']);
    const cells = ['', '', '', ''].map((_, i) => make('td', i < 3 ? {class: 'number'} : {}, '…'));
    const balance = make('td', {class: 'number strong'}, moneyText(textOf(one['balance'])));
    void ask(`/accounts/${number}`).then((data) => {
        const texts = [moneyText(textOf(data['held'])), moneyText(textOf(data['available'])),
            grouped(textOf(data['sequence'])), textOf(data['status'])];
        cells.forEach((cell, i) => say(cell, texts[i] ?? ''));
        say(balance, moneyText(textOf(data['balance'])));
    }).catch(() => cells.forEach((cell) => fill(cell, '–')));
    return make('tr', {},
        make('th', {scope: 'row'}, make('a', {href: `#/accounts/${number}`}, number)),
        balance, ...cells);
}
