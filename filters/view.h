/* A text with its hidden spellings decoded, and for each decoded byte the bytes of the original that it stands for.
 *
 *   original   from=%2B331%20\u0039…        view_next ──▶ from=+331 9…
 *                   └┬┘   └┬┘└─┬──┘                            │   ││
 *                    └─────┴───┴────────── origin ─────────────┴───┴┘
 *
 * One view_next takes one layer of spelling away, everywhere at once; the next call takes the next (%2540, a JSON string
 * in a JSON string). Scan the view after each call: a further layer may take for an escape what was a value before.
 *
 * Decoded are: percent (%40, %u0040), backslashes (JSON, C, Lua: \u0040, \u{40}, \x40, \x{40}, \100, \n, \/, \"; and any
 * punctuation), HTML entities (&#64;, &#x40;, names), quoted-printable (RFC 2045: =40, soft line ends) where it cannot
 * be key=value, encoded words (RFC 2047), rsyslog's #012, Kamailio's " 0D  0A ", base64 that is padded or a JWT's and
 * holds readable text; digits of other scripts, full-width forms, Unicode's spaces and dashes become ASCII; soft hyphens,
 * joiners and marks of direction go. Control characters come out as themselves, so that a header ends where it ended.
 *
 * Units: a decoded byte stands for a whole spelling and never for a part of one, so what is replaced from the start of
 * one to the end of another leaves the rest valid in its encoding; a character of UTF-8 is one unit, however its bytes
 * were spelled; an encoded word and a base64 token are one unit each. Units tile the original: a decoded byte ends where
 * the next unit begins, and what decodes to nothing belongs to the unit before it (at the start: behind it).
 *
 * Pure: no allocation, no state; the work of a call is linear in the text. */
#ifndef TAMIS_FILTERS_VIEW_H
#define TAMIS_FILTERS_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "filters/blocks.h"

enum { VIEW_LAYERS = 5 }; /* how often view_next is worth its while: twice percent, in JSON in JSON, of UTF-8 */

struct view {
  char     *at;     /* the caller's: room for every byte of the text */
  uint32_t *origin; /* the caller's: one more than that; where each decoded byte's unit starts; origin[size]: the text's size */
  uint32_t  size;   /* decoded bytes, at most the text's */
};

/* Whether something in text is spelled so that a detector may not see it. Cheap; false for most lines. What detectors
 * read through anyhow (\" and \n before a blank) is no reason for a view, though a view decodes it. */
bool view_needed(struct text text, enum blocks_width width);
/* The same for one byte, for who walks the text anyway: a view is needed where this is true for a byte that is one of
 * % \ & # = D J or above 0x7f. */
bool view_mark(struct text text, size_t at);

/* The view is now the text itself. */
void view_open(struct view *view, struct text text);

/* One layer less. False: nothing was left to decode, the view is as before. */
bool view_next(struct view *view);

static inline struct text view_text(const struct view *view) { return (struct text){ view->at, view->size }; }

/* The original bytes that the decoded ones from start to end (excluded, more than start) stand for: whole units. */
static inline uint32_t view_origin_start(const struct view *view, uint32_t start) { return view->origin[start]; }
static inline uint32_t view_origin_end(const struct view *view, uint32_t end) {
  uint32_t unit = view->origin[end - 1];
  while (view->origin[end] == unit) end++; /* origin[size] is behind every unit */
  return view->origin[end];
}

#endif
