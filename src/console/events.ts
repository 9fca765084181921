// What happens, as it happens, the newest first.
import {EventReader, type ReaderState} from './event_reader';
import {button, empty, field, fill, make, say, table} from './dom';
import {pill} from './health';
import {type JsonObject, listOf, objectOf, parse, textOf} from './json';
import {clockText, grouped, moneyText, signedText} from './numbers';
import type {View} from './view';

const kept = 100;
/** Rows are made at most so often: between two of these times only the newest events count. */
const everyMs = 200;
const mostRows = 25;

export function events(): View {
    const list = table('Events', [{name: 'Record', kind: 'number'}, 'Time', 'Operation',
        'Postings', 'Details']);
    const nothing = empty('Nothing yet', 'Postings appear here when a crash can no longer take '
        + 'them back.');
    const place = make('div', {}, nothing);
    const state = make('div', {class: 'stream-state', role: 'status'});
    const count = make('span', {class: 'remark'});
    const account = field('Only of account', {inputmode: 'numeric', placeholder: 'all'});
    let waiting: string[] = [];
    let seen = 0;
    let reader: EventReader | null = null;
    let isPaused = false;

    const showState = (now: ReaderState, why: string): void => {
        const words = {
            connecting: 'Connecting', following: 'Live', waiting: 'Interrupted, trying again',
            refused: 'Refused',
        };
        const mood = now === 'following' ? 'good' : now === 'connecting' ? 'unsure' : 'bad';
        fill(state, pill(mood, words[now]),
            why === '' ? null : make('span', {class: 'remark'}, why));
    };
    const restart = (): void => {
        reader?.stop();
        const number = account.input.value.trim();
        reader = new EventReader(number === '' ? '' : `account=${encodeURIComponent(number)}`, {
            taken: (texts, skipped) => {
                seen += texts.length + skipped;
                waiting = [...waiting, ...texts].slice(-mostRows);
            },
            changed: showState,
        });
    };
    const render = (): void => {
        if (waiting.length === 0 || isPaused) {
            return;
        }
        const rows = waiting.reverse().map((text) => eventRow(objectOf(parse(text))));
        waiting = [];
        list.body.prepend(...rows);
        while (list.body.rows.length > kept) {
            list.body.deleteRow(-1);
        }
        if (!list.whole.isConnected) {
            fill(place, list.whole);
        }
        say(count, `${grouped(String(seen))} seen. Of many at once the newest are shown.`);
    };
    const pause = button('Pause', () => {
        isPaused = !isPaused;
        say(pause, isPaused ? 'Go on' : 'Pause');
    });
    const form = make('form', {class: 'filter'}, account.whole,
        make('button', {type: 'submit'}, 'Show'));
    form.addEventListener('submit', (event) => {
        event.preventDefault();
        fill(list.body);
        fill(place, nothing);
        restart();
    });
    return {
        title: 'Events',
        element: make('div', {class: 'stack'},
            make('div', {class: 'heads'}, form, make('div', {class: 'stream'}, state, pause)),
            count, place),
        begin: () => {
            restart();
            const timer = setInterval(render, everyMs);
            return () => {
                clearInterval(timer);
                reader?.stop();
            };
        },
    };
}

function eventRow(one: JsonObject): HTMLTableRowElement {
    const postings = listOf(one['postings']).map((posting) => {
        const number = textOf(posting['account_number']);
        const amount = textOf(posting['amount']);
        return make('span', {class: 'posting-of'},
            make('a', {href: `#/accounts/${number}`}, number),
            make('span', {class: `number ${amount.startsWith('-') ? 'less' : 'more'}`},
                signedText(amount)));
    });
    const hold = objectOf(one['hold']);
    const details = [
        textOf(hold['hold']) === '' ? ''
            : `hold ${textOf(hold['hold'])} of ${moneyText(textOf(hold['amount']))}`,
        textOf(one['key']) === '' ? '' : `key ${textOf(one['key'])}`,
        textOf(one['by']) === '' ? '' : `by ${textOf(one['by'])}`,
    ].filter((text) => text !== '').join(', ');
    return make('tr', {},
        make('td', {class: 'number'}, grouped(textOf(one['record']))),
        make('td', {title: textOf(one['time'])}, clockText(textOf(one['time']))),
        make('td', {}, textOf(one['operation'])),
        make('td', {}, make('div', {class: 'postings'}, ...postings)),
        make('td', {class: 'details', title: details}, details));
}
