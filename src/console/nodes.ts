// The nodes of a replicated ledger, as this one knows them, and the note that it is a standby.
import {ask, reasonOf} from './api';
import {empty, fill, make, table} from './dom';
import {pill, type Readiness} from './health';
import {type JsonObject, listOf, textOf} from './json';
import {grouped, timeText} from './numbers';
import type {View} from './view';

const everyMs = 2000;

export function nodes(): View {
    const place = make('div');
    const load = async (): Promise<void> => {
        try {
            const all = listOf((await ask('/admin/nodes'))['nodes']);
            fill(place, all.length === 0
                ? empty('No nodes yet', 'They are listed once they have reported themselves.')
                : nodeTable(all));
        } catch (failure) {
            fill(place, empty('The nodes cannot be shown', reasonOf(failure)));
        }
    };
    return {
        title: 'Nodes',
        element: make('div', {class: 'stack'}, make('p', {class: 'about'}, 'One node leads and '
            + 'posts. The others follow its log, and one of them takes over where it ends.'),
            place),
        begin: () => {
            void load();
            const timer = setInterval(() => void load(), everyMs);
            return () => clearInterval(timer);
        },
    };
}

function nodeTable(all: JsonObject[]): HTMLElement {
    const list = table('Nodes', ['Node', 'Role', 'Address', {name: 'Record', kind: 'number'},
        {name: 'Behind by', kind: 'number'}, {name: 'In its files', kind: 'number'}, 'Seen']);
    const recordOf = (one: JsonObject): bigint => BigInt(textOf(one['applied_record']));
    const most = all.map(recordOf).reduce((a, b) => a > b ? a : b);
    fill(list.body, ...all.map((one) => {
        const url = textOf(one['url']);
        const role = one['catching_up'] === true ? 'catching up' : textOf(one['role']);
        return make('tr', {}, make('th', {scope: 'row'}, textOf(one['node'])),
            make('td', {}, pill(role === 'leader' ? 'good' : 'unsure', role)),
            make('td', {}, consoleLink(url, url)),
            make('td', {class: 'number'}, grouped(textOf(one['applied_record']))),
            make('td', {class: 'number'}, grouped(String(most - recordOf(one)))),
            make('td', {class: 'number'}, grouped(textOf(one['synced_record']))),
            make('td', {title: textOf(one['seen'])}, timeText(textOf(one['seen']))));
    }));
    return list.whole;
}

/** A link to the console of another node; its text alone where the address is none. */
function consoleLink(url: string, text: string): HTMLElement {
    const address = url.replace(/\/$/, '');
    return /^https?:\/\/[^/\s]+$/.test(address)
        ? make('a', {href: `${address}/console`}, text) : make('span', {}, text);
}

/** Says above the views that the node is a standby, and where the leader is if that is known. */
export class StandbyNote {
    readonly element = make('div', {class: 'standby-note', role: 'status', hidden: true});

    show(found: Readiness): void {
        // Forms that post are not shown there: see console.css.
        document.body.dataset['role'] = found.role;
        if (this.element.hidden === (found.role !== 'standby')) {
            return;
        }
        this.element.hidden = found.role !== 'standby';
        if (!this.element.hidden) {
            void this.say();
        }
    }

    private async say(): Promise<void> {
        const words = 'This node is a standby: it shows what it has, which may be some seconds '
            + 'old, and posts nothing. ';
        fill(this.element, words);
        try {
            const leader = textOf((await ask('/admin/nodes'))['leader']);
            if (leader !== '') {
                fill(this.element, words, consoleLink(leader, 'Go to the leader'));
            }
        } catch {
            // Without the scope for it, the address is not shown.
        }
    }
}
