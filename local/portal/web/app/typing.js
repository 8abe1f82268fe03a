// What is being typed belongs to whoever types it: a page that is drawn again meanwhile must not put the old value back.
// Only one field has the focus, so there is only one such text.

let field = "";
let text = "";

/** What the field shows: what is being typed into it, or else its value. */
export const shown = (name, value) => (name === field ? text : String(value));

/** Somebody types into the field. */
export const typing = (name) => (event) => {
  field = name;
  text = event.target.value;
};

/** The field was entered or left: from now on it shows its value again. */
export const typed = () => {
  field = "";
};
