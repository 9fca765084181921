// One account: what it has, what can be done with it, its open holds and its statement.
import {ask, reasonOf} from './api';
import {button, empty, make, say, table} from './dom';
import {type JsonObject, textOf} from './json';
import {clockText, grouped, moneyText, signedText, timeText} from './numbers';
import {captureForm, operationForms, releaseForm} from './operation_forms';
import {Pages} from './pages';
import type {View} from './view';

const everyMs = 1000;

class Facts {
    readonly element: HTMLElement;
    private readonly values = new Map<string, HTMLElement>();
    private readonly status = make('p', {class: 'remark', role: 'status'});

    constructor() {
        const names: [string, string][] = [['balance', 'Balance'], ['held', 'Held'],
            ['available', 'Available'], ['sequence', 'Postings']];
        this.element = make('div', {}, make('dl', {class: 'tiles'},
            ...names.map(([key, name]) => {
                const value = make('dd', {}, '–');
                this.values.set(key, value);
                return make('div', {class: key === 'balance' ? 'tile main-tile' : 'tile'},
                    make('dt', {}, name), value);
            })), this.status);
    }

    show(data: JsonObject): void {
        for (const [key, value] of this.values) {
            const text = textOf(data[key]);
            say(value, key === 'sequence' ? grouped(text) : moneyText(text));
        }
        say(this.status, textOf(data['status']) === 'closed' ? 'This account is closed.' : '');
    }

    fail(why: string): void {
        this.values.forEach((value) => say(value, '–'));
        say(this.status, why);
    }
}

export function account(number: string): View {
    const path = `/accounts/${number}`;
    const facts = new Facts();
    let shownSequence = '';
    const statement = new Pages(table('Statement', ['Time', 'Operation',
        {name: 'Amount', kind: 'number'}, {name: 'Balance', kind: 'number'}, 'With', 'Details',
        {name: 'Posting', kind: 'number'}]), {
        path: () => `${path}/statement`, member: 'entries', limit: 15, row: entryRow,
        nothing: empty('No postings', 'What happens to this account is listed here.'),
    });
    const holds = new Pages(table('Open holds', ['Hold', {name: 'Held', kind: 'number'},
        {name: 'Remaining', kind: 'number'}, 'Expires', 'Actions']), {
        path: () => `${path}/holds`, member: 'holds', limit: 10,
        row: (one) => holdRow(number, one, () => void update(true)),
        nothing: empty('No open holds', 'A hold sets an amount aside until it is captured.'),
    });
    const news = button('Show newer postings', () => void statement.restart(),
        {class: 'quiet', hidden: true});

    const update = async (isOurs: boolean): Promise<void> => {
        try {
            const data = await ask(path);
            const sequence = textOf(data['sequence']);
            facts.show(data);
            if (sequence === shownSequence && !isOurs) {
                return;
            }
            const isFirst = shownSequence === '';
            shownSequence = sequence;
            await holds.refresh();
            // Under load the statement does not run away from its reader.
            if (isFirst || isOurs) {
                await statement.restart();
            }
            news.hidden = isFirst || isOurs;
        } catch (failure) {
            facts.fail(`This account cannot be shown: ${reasonOf(failure)}.`);
        }
    };
    news.addEventListener('click', () => {
        news.hidden = true;
    });

    const element = make('div', {class: 'account'}, facts.element,
        make('section', {class: 'card operations'},
            make('h2', {}, 'New posting'),
            operationForms(number, () => void update(true))),
        make('section', {class: 'card holds'},
            make('h2', {}, 'Open holds'), holds.element),
        make('section', {class: 'card wide'},
            make('div', {class: 'heads'}, make('h2', {}, 'Statement'), news), statement.element));
    return {
        title: `Account ${number}`, element,
        begin: () => {
            void update(false);
            const timer = setInterval(() => {
                if (!document.hidden) {
                    void update(false);
                }
            }, everyMs);
            return () => clearInterval(timer);
        },
    };
}

const lessening = new Set(['withdrawal', 'transfer_out', 'capture']);

function entryRow(one: JsonObject): HTMLTableRowElement {
    const operation = textOf(one['operation']);
    const amount = textOf(one['amount']);
    const isBooked = !['hold', 'release', 'expiry', 'close', 'reopen'].includes(operation);
    const signed = lessening.has(operation) && !/^[0.]*$/.test(amount) ? `-${amount}` : amount;
    const other = textOf(one['counterparty']);
    const details = [['hold', 'hold'], ['key', 'key'], ['by', 'by'], ['name', 'by']]
        .map(([name = '', word = '']) => textOf(one[name]) === '' ? ''
            : `${word} ${textOf(one[name])}`)
        .filter((text) => text !== '').join(', ');
    return make('tr', {},
        make('td', {title: textOf(one['time'])}, timeText(textOf(one['time']))),
        make('td', {}, operation.replaceAll('_', ' ')),
        make('td', {class: `number ${isBooked ? signOf(signed) : ''}`},
            isBooked ? signedText(signed) : moneyText(amount)),
        make('td', {class: 'number'}, moneyText(textOf(one['balance']))),
        make('td', {}, other === '' ? '' : make('a', {href: `#/accounts/${other}`}, other)),
        make('td', {class: 'details', title: details}, details),
        make('td', {class: 'number'}, grouped(textOf(one['sequence']))));
}

function signOf(amount: string): string {
    return amount.startsWith('-') ? 'less' : /^[0.]*$/.test(amount) ? '' : 'more';
}

function holdRow(number: string, one: JsonObject, changed: () => void): HTMLTableRowElement {
    const id = textOf(one['hold']);
    const expires = textOf(one['expires_at']);
    return make('tr', {},
        make('th', {scope: 'row'}, id),
        make('td', {class: 'number'}, moneyText(textOf(one['amount']))),
        make('td', {class: 'number'}, moneyText(textOf(one['remaining']))),
        make('td', {title: expires}, expires === '' ? 'never' : clockText(expires)),
        make('td', {}, make('div', {class: 'row-actions posts'},
            button('Capture', () => captureForm(number, one, changed),
                {'aria-label': `Capture hold ${id}`}),
            button('Release', () => releaseForm(number, one, changed),
                {'aria-label': `Release hold ${id}`}))));
}

