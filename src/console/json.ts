// JSON in which each number stays the text of its digits.

export type Json = string | boolean | null | Json[] | JsonObject;
export interface JsonObject {
    [name: string]: Json;
}

const stringsAndNumbers = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/g;

/** Throws SyntaxError. */
export function parse(text: string): Json {
    const quoted = text.replace(stringsAndNumbers,
        (token) => token.startsWith('"') ? token : `"${token}"`);
    return JSON.parse(quoted) as Json;
}

/** An object's member as an object; an empty one if it is none. */
export function objectOf(value: Json | undefined): JsonObject {
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}

export function listOf(value: Json | undefined): JsonObject[] {
    return Array.isArray(value) ? value.map(objectOf) : [];
}

/** A text or a number as text; an empty one if it is neither. */
export function textOf(value: Json | undefined): string {
    return typeof value === 'string' ? value : '';
}
