// The charts of coffer-load's page. The page has its figures as JSON, and as tables, which stay
// where this script does not run.
import './report.css';
import {Chart, redrawCharts} from './chart';
import {countText, secondsText} from './numbers';

interface Figures {
    /** Points of percentiles, with latencies in seconds. */
    percents: number[];
    latency: number[];
    /** From when a request was sent, where that is not when it was due. */
    service: number[] | null;
    /** Seconds from the beginning, and requests a second there. */
    times: number[];
    rates: number[];
    asked: number | null;
}

/** How many nines: what lies behind the 9 in 99.9, spread out evenly. */
function nines(percent: number): number {
    return -Math.log10(1 - percent / 100);
}

function percentText(x: number): string {
    return `${Number((100 * (1 - 10 ** -x)).toPrecision(8))}%`;
}

function put(id: string, chart: Chart, x: number[], lines: (number | null)[][]): void {
    document.getElementById(id)?.replaceChildren(chart.element);
    chart.show(x, lines);
}

function showLatency({percents, latency, service}: Figures): void {
    const x = percents.map(nines);
    const most = x.at(-1) ?? 1;
    const chart = new Chart({
        title: 'Latency by percentile', height: 280, scale: 'logarithmic', valueText: secondsText,
        series: [{name: service === null ? 'latency' : 'from when it was due', colour: 1},
            ...(service === null ? []
                : [{name: 'from when it was sent', colour: 3, dashed: true}])],
        xText: percentText, xRange: [0, most],
        xMarks: [0, ...[50, 90, 99, 99.9, 99.99, 99.999, 99.9999].map(nines)]
            .filter((mark) => mark <= most + 1e-9),
    });
    put('latency-chart', chart, x, service === null ? [latency] : [latency, service]);
}

function showRates({times, rates, asked}: Figures): void {
    const chart = new Chart({
        title: 'Requests a second over time', height: 280, valueText: countText, leastTop: 1,
        series: [{name: 'requests a second', colour: 1, filled: true},
            ...(asked === null ? [] : [{name: 'asked for', colour: 3, dashed: true}])],
        xText: (value) => `${Number(value.toFixed(2))} s`,
    });
    put('rate-chart', chart, times, asked === null ? [rates] : [rates, times.map(() => asked)]);
}

const system = matchMedia('(prefers-color-scheme: dark)');
const applyTheme = (): void => {
    document.documentElement.dataset['theme'] = system.matches ? 'dark' : 'light';
    redrawCharts();
};
system.addEventListener('change', applyTheme);
applyTheme();

const figures = JSON.parse(document.getElementById('figures')?.textContent ?? '{}') as Figures;
showLatency(figures);
showRates(figures);
