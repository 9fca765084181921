// Charts by uPlot in the colours of the page: lines over time in the console, and over anything in
// coffer-load's page. A chart is a picture with a description; the figures stand beside it as text.
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import './chart.css';
import {make, say} from './dom';

export type Line = (number | null)[];

export interface Series {
    name: string;
    /** Which of the page's colours for lines: 1 to 4. */
    colour: number;
    dashed?: boolean;
    filled?: boolean;
}

export interface ChartOptions {
    title: string;
    series: Series[];
    /** A value as text, on the axis and in the legend. */
    valueText: (value: number) => string;
    height?: number;
    /** The bottom of the axis is 0, and its top at least this. */
    leastTop?: number;
    scale?: 'linear' | 'logarithmic';
    /** How x stands on its axis and in the legend; the time of day if it is left out. */
    xText?: (value: number) => string;
    /** The marks of the x axis; chosen by uPlot if they are left out. */
    xMarks?: number[];
    xRange?: [number, number];
    /** Shows no more than so many seconds up to the last point, and no less than a third. */
    lastSeconds?: number;
}

const all = new Set<Chart>();

/** Draws all charts again: for when the colours of the page have changed. */
export function redrawCharts(): void {
    all.forEach((chart) => chart.restyle());
}

export class Chart {
    readonly element: HTMLElement;
    private readonly frame: HTMLElement;
    private readonly figures: HTMLElement[] = [];
    private readonly resized: ResizeObserver;
    private plot: uPlot | null = null;
    private data: uPlot.AlignedData;

    constructor(private readonly options: ChartOptions) {
        this.data = [[], ...options.series.map(() => [])];
        this.frame = make('div', {class: 'plot', role: 'img', 'aria-label': options.title});
        const legend = make('ul', {class: 'legend'});
        for (const series of options.series) {
            const figure = make('span', {class: 'figure'}, '–');
            this.figures.push(figure);
            legend.append(make('li', {},
                make('span', {
                    class: `swatch line-${series.colour} ${series.dashed ? 'dashed' : ''}`,
                    'aria-hidden': 'true',
                }),
                `${series.name} `, figure));
        }
        this.element = make('div', {class: 'chart'}, this.frame, legend);
        this.resized = new ResizeObserver(() => this.fit());
        this.resized.observe(this.frame);
        all.add(this);
    }

    /** All points: x, and a line for each series. They may grow in place. */
    show(x: number[], lines: Line[]): void {
        this.data = [x, ...lines];
        if (this.plot === null) {
            this.restyle();
        } else {
            this.plot.setData(this.data);
        }
        this.describe(null);
    }

    restyle(): void {
        const width = this.frame.clientWidth;
        this.plot?.destroy();
        this.plot = null;
        if (width > 0 && (this.data[0]?.length ?? 0) > 0) {
            this.plot = new uPlot(this.plotOptions(width), this.data, this.frame);
        }
    }

    close(): void {
        all.delete(this);
        this.resized.disconnect();
        this.plot?.destroy();
        this.plot = null;
    }

    private fit(): void {
        const width = this.frame.clientWidth;
        if (this.plot === null) {
            this.restyle();
        } else if (width > 0 && width !== this.plot.width) {
            this.plot.setSize({width, height: this.plot.height});
        }
    }

    /** The figures at one place, or the last ones. */
    private describe(at: number | null): void {
        const index = at ?? (this.data[0]?.length ?? 0) - 1;
        this.figures.forEach((figure, i) => {
            const value = this.data[i + 1]?.[index];
            say(figure, typeof value === 'number' ? this.options.valueText(value) : '–');
        });
    }

    private plotOptions(width: number): uPlot.Options {
        const colours = getComputedStyle(this.element);
        const colour = (name: string): string => colours.getPropertyValue(`--${name}`).trim();
        const {options} = this;
        const axis = {
            stroke: colour('faint'), font: `12px ${colours.fontFamily}`,
            grid: {stroke: colour('rule'), width: 1}, ticks: {show: false},
        };
        return {
            width, height: options.height ?? 160,
            padding: [8, 8, 0, 0],
            legend: {show: false},
            cursor: {
                y: false, points: {size: 6, width: 2}, drag: {x: false, y: false},
                dataIdx: (_plot, _series, closest) => closest,
            },
            hooks: {setCursor: [(plot) => this.describe(plot.cursor.idx ?? null)]},
            scales: {x: this.xScale(), y: this.yScale()},
            axes: [
                {...axis, size: 28, gap: 6, grid: {show: false}, ...this.xAxis()},
                {...axis, size: 62, gap: 8, space: 34,
                 values: (_plot, values) =>
                     values.map((value) => value === null ? '' : options.valueText(value))},
            ],
            series: [{}, ...options.series.map((series) => ({
                label: series.name, stroke: colour(`line-${series.colour}`), width: 1.75,
                points: {show: false}, spanGaps: false,
                ...(series.dashed ? {dash: [5, 4]} : {}),
                ...(series.filled ? {fill: colour(`fill-${series.colour}`)} : {}),
            }))],
        };
    }

    private xScale(): uPlot.Scale {
        const {xRange, xText, lastSeconds} = this.options;
        if (lastSeconds !== undefined) {
            const least = lastSeconds / 3;
            return {time: true, range: (_plot, first, last) =>
                [Math.max(last - lastSeconds, Math.min(first, last - least)), last]};
        }
        return {time: xText === undefined, ...(xRange ? {range: xRange} : {})};
    }

    private yScale(): uPlot.Scale {
        if (this.options.scale === 'logarithmic') {
            return {distr: 3, log: 10};
        }
        const least = this.options.leastTop ?? 1;
        return {range: (_plot, _low, high) => [0, Math.max(least, (high ?? 0) * 1.1)]};
    }

    private xAxis(): uPlot.Axis {
        const {xText, xMarks} = this.options;
        if (xText === undefined) {
            return {space: 90, values: (_plot, times) => times.map(timeOfDay)};
        }
        return {
            values: (_plot, values) => values.map(xText),
            ...(xMarks ? {splits: () => xMarks} : {}),
        };
    }
}

function timeOfDay(seconds: number): string {
    return new Date(seconds * 1000).toLocaleTimeString(undefined,
        {hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false});
}
