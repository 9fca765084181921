// What the server does, at a glance: figures, charts, and whether it is well.
import {Chart, type ChartOptions} from './chart';
import {make, say} from './dom';
import {type Health, HealthPanel} from './health';
import {countText, grouped, secondsText} from './numbers';
import type {LineName, Vitals} from './vitals';
import type {View} from './view';

interface Panel {
    options: ChartOptions;
    lines: LineName[];
    about: string;
}

const shownSeconds = 180;
const count = (value: number): string => countText(value);
const panels: Panel[] = [
    {
        about: 'Requests answered, and postings made.',
        lines: ['requests', 'postings'],
        options: {
            title: 'Operations a second', valueText: count, leastTop: 10,
            series: [{name: 'requests', colour: 1, filled: true}, {name: 'postings', colour: 2}],
        },
    },
    {
        about: 'From the last byte of a request to the first of its reply.',
        lines: ['half', 'most', 'nearlyAll'],
        options: {
            title: 'Latency', valueText: secondsText, leastTop: 1e-4,
            series: [{name: 'median', colour: 1}, {name: '99 %', colour: 2},
                     {name: '99.9 %', colour: 3}],
        },
    },
    {
        about: 'How long replies wait until a crash can take nothing back.',
        lines: ['diskHalf', 'diskMost', 'sync'],
        options: {
            title: 'Waiting for the disk', valueText: secondsText, leastTop: 1e-4,
            series: [{name: 'median', colour: 1}, {name: '99 %', colour: 2},
                     {name: 'one sync, 99 %', colour: 4, dashed: true}],
        },
    },
    {
        about: 'Two threads met at one account, and one tried again.',
        lines: ['retries'],
        options: {
            title: 'Retries a second', valueText: count, leastTop: 10,
            series: [{name: 'retries', colour: 3, filled: true}],
        },
    },
    {
        about: 'The oldest posting that is not durable, and how far the audit is behind.',
        lines: ['notDurable', 'auditLag'],
        options: {
            title: 'Lag', valueText: secondsText, leastTop: 1e-2,
            series: [{name: 'journal', colour: 1}, {name: 'audit', colour: 4, dashed: true}],
        },
    },
    {
        about: 'Clients that are connected now.',
        lines: ['connections'],
        options: {
            title: 'Connections', valueText: count, leastTop: 10,
            series: [{name: 'connections', colour: 1, filled: true}],
        },
    },
];

class Figure {
    readonly element: HTMLElement;
    private readonly value = make('dd', {}, '–');

    constructor(name: string) {
        this.element = make('div', {class: 'tile'}, make('dt', {}, name), this.value);
    }

    show(text: string | null): void {
        say(this.value, text ?? '–');
    }
}

export function overview(vitals: Vitals, readiness: Health): View {
    const charts = panels.map((panel) =>
        ({panel, chart: new Chart({...panel.options, lastSeconds: shownSeconds})}));
    const health = new HealthPanel();
    const rates = new Figure('Operations a second');
    const latency = new Figure('Latency, 99 %');
    const disk = new Figure('Waiting for the disk, 99 %');
    const accounts = new Figure('Accounts');
    const holds = new Figure('Open holds');
    const remark = make('p', {class: 'remark', role: 'status'});

    const shown = (value: number | null, text: (value: number) => string): string | null =>
        value === null ? null : text(value);
    const update = (from: Vitals): void => {
        rates.show(shown(from.latest('requests') ?? from.latest('postings'), countText));
        latency.show(shown(from.latest('most'), secondsText));
        disk.show(shown(from.latest('diskMost') ?? from.latest('sync'), secondsText));
        const now = from.last;
        const whole = (name: string): string | null =>
            shown(now?.sum(name) ?? null, (value) => grouped(String(value)));
        accounts.show(whole('coffer_accounts'));
        holds.show(whole('coffer_holds'));
        say(remark, from.failure === null ? '' : 'The figures cannot be read now.');
        for (const {panel, chart} of charts) {
            chart.show(from.times, panel.lines.map((name) => from.lineOf(name)));
        }
        health.showAudit(now);
    };

    const element = make('div', {class: 'overview'},
        make('dl', {class: 'tiles'}, ...[rates, latency, disk, accounts, holds].map(
            (figure) => figure.element)),
        remark,
        make('div', {class: 'cards'}, ...charts.map(({panel, chart}) =>
            make('section', {class: 'card'}, make('h2', {}, panel.options.title),
                make('p', {class: 'about'}, panel.about), chart.element))),
        health.element);
    // The charts know their widths once they are in the page.
    const begin = (): (() => void) => {
        const ends = [vitals.follow(update),
            readiness.follow((found) => health.showReadiness(found))];
        return () => ends.forEach((end) => end());
    };
    return {
        title: 'Overview', element, begin,
        end: () => charts.forEach(({chart}) => chart.close()),
    };
}
