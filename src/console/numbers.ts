// Figures as texts. Money and numbers of the API stay the digits that they came as: a double would
// round large ones.

/** The thousands of a decimal text set apart, and two decimals: "1234567.5" is "1 234 567.50". */
export function moneyText(digits: string): string {
    const [whole = '0', decimals = ''] = digits.split('.');
    return `${grouped(whole)}.${decimals.padEnd(2, '0')}`;
}

/** A whole number in digits: "1234567" is "1 234 567", with narrow spaces that do not break. */
export function grouped(digits: string): string {
    const sign = digits.startsWith('-') ? '\u2212' : '';
    return sign + digits.replace('-', '').replace(/\B(?=(\d{3})+$)/g, '\u202f');
}

/** An amount with its sign, also where it is not negative. */
export function signedText(digits: string): string {
    const text = moneyText(digits);
    return digits.startsWith('-') || /^[0.]*$/.test(digits) ? text : `+${text}`;
}

/** A rounded count for a chart: 12345 is "12.3k". */
export function countText(count: number): string {
    const sizes: [number, string][] = [[1e9, 'G'], [1e6, 'M'], [1e3, 'k']];
    for (const [size, letter] of sizes) {
        if (Math.abs(count) >= size * 0.99995) {
            return `${trimmed(count / size)}${letter}`;
        }
    }
    return trimmed(count);
}

/** A duration for a chart: 0.00035 is "350 µs". */
export function secondsText(seconds: number): string {
    if (seconds === 0) {
        return '0';
    }
    if (seconds >= 120) {
        return seconds >= 7200 ? `${trimmed(seconds / 3600)} h` : `${trimmed(seconds / 60)} min`;
    }
    const sizes: [number, string][] = [[1, 's'], [1e-3, 'ms'], [1e-6, 'µs']];
    for (const [size, unit] of sizes) {
        if (seconds >= size * 0.99995) {
            return `${trimmed(seconds / size)} ${unit}`;
        }
    }
    return `${trimmed(seconds / 1e-9)} ns`;
}

export function bytesText(bytes: number): string {
    return bytes < 1000 ? `${bytes} B` : `${countText(bytes)}B`;
}

/** Three digits that count. */
function trimmed(value: number): string {
    const size = Math.abs(value);
    const decimals = size >= 100 ? 0 : size >= 10 ? 1 : 2;
    const text = value.toFixed(decimals);
    return decimals === 0 ? text : text.replace(/\.?0+$/, '');
}

/** A time of the API in this browser's time zone, to the second. */
export function timeText(rfc3339: string): string {
    const time = new Date(rfc3339);
    return Number.isNaN(time.getTime()) ? rfc3339 : time.toLocaleString(undefined, {
        year: 'numeric', month: 'short', day: '2-digit', hour: '2-digit', minute: '2-digit',
        second: '2-digit', hour12: false,
    });
}

/** The same without the day. */
export function clockText(rfc3339: string): string {
    const time = new Date(rfc3339);
    return Number.isNaN(time.getTime()) ? rfc3339 : time.toLocaleTimeString(undefined, {
        hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false});
}
