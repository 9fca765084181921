// Makes elements. Data goes into a page as text alone: nothing here takes HTML.

type Child = Node | string | null;
type Attributes = Record<string, string | number | boolean | null>;

/** An element with these attributes (those that are false or null are left out) and children. */
export function make<Name extends keyof HTMLElementTagNameMap>(
    name: Name, attributes: Attributes = {}, ...children: Child[]): HTMLElementTagNameMap[Name] {
    const made = document.createElement(name);
    set(made, attributes);
    add(made, ...children);
    return made;
}

function set(element: Element, attributes: Attributes): void {
    for (const [name, value] of Object.entries(attributes)) {
        if (value !== null && value !== false) {
            element.setAttribute(name, value === true ? '' : String(value));
        }
    }
}

export function add(parent: Node, ...children: Child[]): void {
    for (const child of children) {
        if (child !== null) {
            parent.appendChild(typeof child === 'string' ? document.createTextNode(child) : child);
        }
    }
}

/** Puts these children in place of all that there are. */
export function fill(parent: Node, ...children: Child[]): void {
    parent.textContent = '';
    add(parent, ...children);
}

/** Changes the text of an element only where it differs, so that nothing is announced twice. */
export function say(element: Element, text: string): void {
    if (element.textContent !== text) {
        element.textContent = text;
    }
}

const svgNames = 'http://www.w3.org/2000/svg';

/** A picture of strokes on a square of 20, for the eye alone. */
export function icon(...paths: string[]): SVGSVGElement {
    const made = document.createElementNS(svgNames, 'svg');
    set(made, {viewBox: '0 0 20 20', class: 'icon', 'aria-hidden': 'true', focusable: 'false'});
    for (const path of paths) {
        const stroke = document.createElementNS(svgNames, 'path');
        set(stroke, {d: path});
        made.appendChild(stroke);
    }
    return made;
}

export function button(label: string, pressed: () => void,
                       attributes: Attributes = {}): HTMLButtonElement {
    const made = make('button', {type: 'button', ...attributes}, label);
    made.addEventListener('click', pressed);
    return made;
}

let lastId = 0;

/** An id that no other element of the page has. */
export function freshId(name: string): string {
    lastId += 1;
    return `${name}-${lastId}`;
}

/** An input with its label, and perhaps a remark under it. */
export function field(label: string, attributes: Attributes, remark = ''): {
    whole: HTMLElement; input: HTMLInputElement;
} {
    const id = freshId('field');
    const input = make('input', {
        id, type: 'text', autocomplete: 'off', spellcheck: 'false', ...attributes,
        'aria-describedby': remark === '' ? null : `${id}-remark`,
    });
    const whole = make('div', {class: 'field'},
        make('label', {for: id}, label), input,
        remark === '' ? null : make('p', {class: 'remark', id: `${id}-remark`}, remark));
    return {whole, input};
}

/** A table in a frame that scrolls where the window is too narrow for it. */
export function table(caption: string, columns: (string | {name: string; kind: string})[]): {
    whole: HTMLElement; body: HTMLTableSectionElement;
} {
    const body = make('tbody');
    const heads = columns.map((column) => typeof column === 'string'
        ? make('th', {scope: 'col'}, column)
        : make('th', {scope: 'col', class: column.kind}, column.name));
    const whole = make('div', {class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption},
        make('table', {}, make('caption', {class: 'unseen'}, caption),
            make('thead', {}, make('tr', {}, ...heads)), body));
    return {whole, body};
}

/** What stands where there is nothing to show. */
export function empty(title: string, text: string): HTMLElement {
    return make('div', {class: 'empty'}, make('p', {class: 'empty-title'}, title),
        make('p', {}, text));
}
