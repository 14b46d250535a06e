// The pages of the Admin Console as markup: files with holes, filled by what is escaped already.
//
// They are not html/template's: as long as anything in a program can call a method by a name that it only knows when it
// runs, which a template can, the linker keeps every exported method of every type, and the program is 8 MB larger.

package oktaemu

import (
	"fmt"
	"html"
	"strings"
)

// markup is HTML: of this program's own files, or escaped.
type markup string

// escaped is text as markup, good between tags and in an attribute's double quotes; no page has data anywhere else.
func escaped(text string) markup {
	return markup(html.EscapeString(strings.ReplaceAll(text, "\x00", "\ufffd")))
}

// filled makes markup of a page's file. A file and its holes fit, or the emulator has a mistake in itself. What fills a hole is not
// looked at for holes again.
func filled(name string, holes map[string]markup) markup {
	data, err := pageFiles.ReadFile("pages/" + name + ".html")
	if err != nil {
		panic(fmt.Sprintf("oktaemu: page %s: %v", name, err)) // the pages are embedded
	}
	var out strings.Builder
	rest, open := string(data), true
	for open {
		var before, hole string
		before, rest, open = strings.Cut(rest, "{{")
		out.WriteString(before)
		if !open {
			break
		}
		hole, rest, _ = strings.Cut(rest, "}}")
		with, known := holes[hole]
		if !known {
			panic(fmt.Sprintf("oktaemu: nothing fills %q of page %s", hole, name))
		}
		out.WriteString(string(with))
	}
	return markup(out.String())
}

// each joins what is made of every item.
func each[T any](items []T, of func(T) markup) markup {
	var out strings.Builder
	for _, item := range items {
		out.WriteString(string(of(item)))
	}
	return markup(out.String())
}

// column is a cell of a table.
func column(text string) markup { return "<td>" + escaped(text) + "</td>" }

// alert is what went wrong, if anything did.
func alert(text string) markup {
	if text == "" {
		return ""
	}
	return `<p class="problem" role="alert">` + escaped(text) + "</p>"
}
