// The console: the frame around its views, and which of them the address names.
import './console.css';
import {account} from './account';
import {accounts} from './accounts';
import {events} from './events';
import {add, button, fill, icon, make, say} from './dom';
import {Health, readinessPill} from './health';
import {nodes, StandbyNote} from './nodes';
import {overview} from './overview';
import {snapshots} from './snapshots';
import {applyTheme, themeButton} from './theme';
import {forgetToken, invite, lacksToken, onTokenChange, token} from './token';
import type {View} from './view';
import {Vitals} from './vitals';

const places: [string, string][] = [
    ['#/', 'Overview'], ['#/accounts', 'Accounts'], ['#/events', 'Events'],
    ['#/snapshots', 'Snapshots'], ['#/nodes', 'Nodes'],
];

applyTheme();
const vitals = new Vitals();
const health = new Health();

const heading = make('h1', {tabindex: -1});
const stage = make('main', {id: 'main'});
const links = places.map(([address, name]) => make('a', {href: address}, name));
const nodesLink = links[links.length - 1];
nodesLink?.setAttribute('hidden', '');  // until there are others
const note = new StandbyNote();
const state = make('span', {class: 'state', role: 'status'});
const tokenButton = button('Token', () => {
    if (token() === '') {
        void invite().then(show);
    } else {
        forgetToken();
        vitals.clear();
        health.clear();
        show();
    }
}, {class: 'quiet'});

const skip = make('a', {href: '#main', class: 'skip'}, 'Skip to the content');
skip.addEventListener('click', (event) => {
    event.preventDefault();
    heading.focus();
});

add(document.body, skip,
    make('header', {class: 'bar'},
        make('a', {href: '#/', class: 'brand', 'aria-label': 'Coffer'},
            icon('M3 9V6.5A2.5 2.5 0 0 1 5.5 4h9A2.5 2.5 0 0 1 17 6.5V9',
                'M3 9h14v7H3z', 'M10 11.5v2'), 'Coffer'),
        make('nav', {'aria-label': 'Console'}, ...links),
        make('div', {class: 'bar-end'}, state, tokenButton, themeButton())),
    note.element, stage);

let current: View | null = null;
let stop: (() => void) | undefined;

function viewOf(address: string): View {
    const number = /^#\/accounts\/(\d+)$/.exec(address)?.[1];
    if (number !== undefined) {
        return account(number);
    }
    switch (address) {
        case '#/accounts': return accounts();
        case '#/events': return events();
        case '#/snapshots': return snapshots();
        case '#/nodes': return nodes();
        default: return overview(vitals, health);
    }
}

function show(): void {
    stop?.();
    current?.end?.();
    current = viewOf(location.hash);
    const base = location.hash.split('/').slice(0, 2).join('/');
    for (const link of links) {
        if (link.getAttribute('href') === (base || '#/')) {
            link.setAttribute('aria-current', 'page');
        } else {
            link.removeAttribute('aria-current');
        }
    }
    document.title = `${current.title} – Coffer`;
    say(heading, current.title);
    fill(stage, heading, current.element);
    stop = current.begin?.();
    scrollTo(0, 0);
}

function showToken(): void {
    tokenButton.hidden = token() === '' && !lacksToken();
    say(tokenButton, token() === '' ? 'Enter a token' : 'Forget the token');
}

onTokenChange(showToken);
showToken();
show();
health.follow((found) => {
    fill(state, readinessPill(found));
    note.show(found);
    if (nodesLink !== undefined && found.state !== 'unreachable') {
        nodesLink.hidden = found.role === '';  // there is no other node
    }
});
addEventListener('hashchange', () => {
    show();
    heading.focus();
});
