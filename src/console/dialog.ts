// A dialog around a form: in front of the page, closed by Escape or its button.
import {button, fill, freshId, make} from './dom';

export class Dialog {
    readonly element: HTMLDialogElement;
    private readonly content = make('div');

    constructor(title: string) {
        const id = freshId('dialog');
        this.element = make('dialog', {class: 'dialog', 'aria-labelledby': id},
            make('div', {class: 'dialog-head'}, make('h2', {id}, title),
                button('Close', () => this.close(), {class: 'quiet'})),
            this.content);
    }

    show(content: HTMLElement): void {
        fill(this.content, content);
        if (!this.element.isConnected) {
            document.body.append(this.element);
        }
        this.element.showModal();
        content.querySelector('input')?.focus();
    }

    close(): void {
        this.element.close();
        this.element.remove();
    }
}
