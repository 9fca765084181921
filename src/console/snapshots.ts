// The snapshots with their totals, and the difference of two.
import {ask, reasonOf, Refusal} from './api';
import {button, empty, fill, make, say, table} from './dom';
import {type JsonObject, listOf, objectOf, textOf} from './json';
import {bytesText, grouped, moneyText, signedText, timeText} from './numbers';
import type {View} from './view';

export function snapshots(): View {
    const place = make('div');
    const difference = make('section', {class: 'card', hidden: true});
    const status = make('p', {class: 'remark', role: 'status'});
    const compare = button('Compare', () => void showDifference(), {class: 'primary'});
    const chosen = {before: '', after: ''};

    const load = async (): Promise<void> => {
        try {
            const all = listOf((await ask('/admin/snapshots'))['snapshots']);
            chosen.after = textOf(all[0]?.['snapshot']);
            chosen.before = textOf(all[1]?.['snapshot']) || chosen.after;
            compare.disabled = all.length < 2;
            fill(place, all.length === 0
                ? empty('No snapshots yet', 'The server takes them by itself; or take one now.')
                : snapshotTable(all, chosen));
        } catch (failure) {
            compare.disabled = true;
            fill(place, empty('The snapshots cannot be shown', reasonOf(failure)));
        }
    };
    const take = button('Take a snapshot', async () => {
        say(status, 'Taking a snapshot …');
        try {
            await ask('/admin/snapshot', {method: 'POST', body: '{}'});
            say(status, 'The snapshot is taken.');
            await load();
        } catch (failure) {
            const type = failure instanceof Refusal ? `${failure.type}: ` : '';
            say(status, `No snapshot was taken: ${type}${reasonOf(failure)}.`);
        }
    });
    const showDifference = async (): Promise<void> => {
        say(status, 'Comparing …');
        try {
            const data = await ask(`/admin/snapshots/${encodeURIComponent(chosen.after)}/difference`
                + `?since=${encodeURIComponent(chosen.before)}`);
            say(status, '');
            difference.hidden = false;
            fill(difference, ...differenceOf(data));
        } catch (failure) {
            say(status, `They cannot be compared: ${reasonOf(failure)}.`);
        }
    };
    return {
        title: 'Snapshots',
        element: make('div', {class: 'stack'},
            make('div', {class: 'heads'}, make('p', {class: 'about'}, 'A snapshot has every '
                + 'account at one moment. Choose two to see what changed between them.'), take),
            place, make('div', {class: 'actions'}, compare, status), difference),
        begin: () => {
            void load();
            return () => undefined;
        },
    };
}

function snapshotTable(all: JsonObject[], chosen: {before: string; after: string}): HTMLElement {
    const list = table('Snapshots', ['Snapshot', 'Taken', {name: 'Up to record', kind: 'number'},
        {name: 'Accounts', kind: 'number'}, {name: 'Total', kind: 'number'},
        {name: 'Held', kind: 'number'}, {name: 'Size', kind: 'number'}, 'From', 'To']);
    const radio = (which: 'before' | 'after', name: string): HTMLInputElement => {
        const made = make('input', {
            type: 'radio', name: which, checked: chosen[which] === name,
            'aria-label': `${which === 'before' ? 'From' : 'To'} ${name}`,
        });
        made.addEventListener('change', () => {
            chosen[which] = name;
        });
        return made;
    };
    fill(list.body, ...all.map((one) => {
        const name = textOf(one['snapshot']);
        return make('tr', {}, make('th', {scope: 'row'}, name),
            make('td', {title: textOf(one['time'])}, timeText(textOf(one['time']))),
            make('td', {class: 'number'}, grouped(textOf(one['record']))),
            make('td', {class: 'number'}, grouped(textOf(one['accounts']))),
            make('td', {class: 'number strong'}, moneyText(textOf(one['total']))),
            make('td', {class: 'number'}, moneyText(textOf(one['held']))),
            make('td', {class: 'number'}, bytesText(Number(textOf(one['bytes'])))),
            make('td', {class: 'choose'}, radio('before', name)),
            make('td', {class: 'choose'}, radio('after', name)));
    }));
    return list.whole;
}

function differenceOf(data: JsonObject): HTMLElement[] {
    const sides = [objectOf(data['since']), objectOf(data['snapshot'])];
    const [from, to] = sides.map((side) => textOf(side['snapshot']));
    const changes = listOf(data['changes']);
    const list = table('What changed', ['Account', {name: 'Before', kind: 'number'},
        {name: 'After', kind: 'number'}, {name: 'Change', kind: 'number'},
        {name: 'Postings', kind: 'number'}]);
    fill(list.body, ...changes.map((one) => {
        const number = textOf(one['account_number']);
        const change = textOf(one['change']);
        const before = one['before'];
        return make('tr', {},
            make('th', {scope: 'row'}, make('a', {href: `#/accounts/${number}`}, number)),
            make('td', {class: 'number'}, before === null ? 'new' : moneyText(textOf(before))),
            make('td', {class: 'number'}, moneyText(textOf(one['after']))),
            make('td', {class: `number ${change.startsWith('-') ? 'less' : 'more'}`},
                signedText(change)),
            make('td', {class: 'number'}, grouped(textOf(one['postings']))));
    }));
    const facts: [string, string][] = [
        ['Total', signedText(textOf(data['total_change']))],
        ['Accounts changed', grouped(textOf(data['accounts_changed']))],
        ['Accounts opened', grouped(textOf(data['accounts_opened']))],
        ['Postings', grouped(textOf(data['postings']))],
    ];
    return [
        make('h2', {}, `From snapshot ${from} to ${to}`),
        make('dl', {class: 'tiles'}, ...facts.map(([name, value]) =>
            make('div', {class: 'tile'}, make('dt', {}, name), make('dd', {}, value)))),
        changes.length === 0
            ? empty('No account changed', 'Both snapshots have the same postings.')
            : list.whole,
    ];
}
