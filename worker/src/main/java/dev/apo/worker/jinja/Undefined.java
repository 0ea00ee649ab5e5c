package dev.apo.worker.jinja;

/**
 * What a name stands for that nothing is assigned to: empty text, false, no items; an error in
 * anything else.
 *
 * @param what for messages
 */
record Undefined(String what) {
  TemplateException error() {
    return new TemplateException(what + " is undefined");
  }
}
