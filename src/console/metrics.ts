// Reads figures in the text format of Prometheus.

interface Sample {
    labels: Map<string, string>;
    value: number;
}
export type Labels = Record<string, string>;

/** A histogram's buckets: how many were at most so large, the last bound being infinite. */
export type Buckets = {bound: number; count: number}[];

const line = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/;
const label = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/** All samples of one answer of /metrics. */
export class Scrape {
    private readonly samples = new Map<string, Sample[]>();

    constructor(text: string, readonly time = performance.now() / 1000) {
        for (const each of text.split('\n')) {
            const found = each.startsWith('#') ? null : line.exec(each);
            if (found === null) {
                continue;
            }
            const [, name = '', labels = '', value = ''] = found;
            const sample = {
                labels: new Map(Array.from(labels.matchAll(label),
                    (one) => [one[1] ?? '', one[2] ?? ''])),
                value: value === '+Inf' ? Infinity : Number(value),
            };
            const others = this.samples.get(name);
            if (others === undefined) {
                this.samples.set(name, [sample]);
            } else {
                others.push(sample);
            }
        }
    }

    has(name: string): boolean {
        return this.samples.has(name);
    }

    /** The sum of the samples that have these labels; null if the server has no such metric. */
    sum(name: string, labels: Labels = {}): number | null {
        const found = this.matching(name, labels);
        return found === null ? null : found.reduce((sum, one) => sum + one.value, 0);
    }

    /** The value of a label of the first sample that is not 0. */
    labelOf(name: string, wanted: string): string | null {
        const found = this.samples.get(name)?.find((one) => one.value !== 0);
        return found?.labels.get(wanted) ?? null;
    }

    /** A histogram, summed over all its other labels. */
    buckets(name: string): Buckets | null {
        const found = this.matching(`${name}_bucket`, {});
        if (found === null) {
            return null;
        }
        const counts = new Map<number, number>();
        for (const one of found) {
            const text = one.labels.get('le') ?? '';
            const bound = text === '+Inf' ? Infinity : Number(text);
            counts.set(bound, (counts.get(bound) ?? 0) + one.value);
        }
        return [...counts].map(([bound, count]) => ({bound, count}))
            .sort((a, b) => a.bound - b.bound);
    }

    private matching(name: string, labels: Labels): Sample[] | null {
        const wanted = Object.entries(labels);
        return this.samples.get(name)?.filter((one) =>
            wanted.every(([key, value]) => one.labels.get(key) === value)) ?? null;
    }
}

/** By how much a counter has risen a second; null if it is missing or began anew. */
export function rate(before: Scrape, now: Scrape, name: string, labels: Labels = {}):
    number | null {
    const from = before.sum(name, labels);
    const to = now.sum(name, labels);
    const seconds = now.time - before.time;
    return from === null || to === null || to < from || seconds <= 0 ? null
        : (to - from) / seconds;
}

/** What a histogram has counted between two scrapes; null if that is nothing. */
export function counted(before: Scrape, now: Scrape, name: string): Buckets | null {
    const to = now.buckets(name);
    const from = before.buckets(name);
    if (to === null || from?.length !== to.length) {
        return null;
    }
    const risen = to.map(({bound, count}, i) => ({bound, count: count - (from[i]?.count ?? 0)}));
    return (risen.at(-1)?.count ?? 0) > 0 && risen.every(({count}) => count >= 0) ? risen : null;
}

/** A quantile, by a straight line within its bucket. Beyond the last bound, that bound. */
export function quantile(buckets: Buckets | null, share: number): number | null {
    if (buckets === null) {
        return null;
    }
    const due = share * (buckets.at(-1)?.count ?? 0);
    let low = 0;
    let below = 0;
    for (const {bound, count} of buckets) {
        if (count >= due) {
            return bound === Infinity ? low
                : low + (bound - low) * (count === below ? 1 : (due - below) / (count - below));
        }
        low = bound;
        below = count;
    }
    return low;
}
