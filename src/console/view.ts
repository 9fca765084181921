// One place of the console, as its address names it.
export interface View {
    title: string;
    element: HTMLElement;
    /** Called once the element is in the page. What it returns is called at the end. */
    begin?(): () => void;
    end?(): void;
}
