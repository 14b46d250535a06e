// Command witness holds recorded answers of an emulator against the OpenAPI document of what it emulates. For Okta, which is
// the subject where none is named, it says too which clients exercised which routes; for GitHub, that each route was
// witnessed. `.ci/run witness` and `.ci/run hubwitness` make the records and run this.
//
// The validator is kin-openapi's: it takes the document as it is, follows discriminators, and its errors can be taken
// apart.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	record := flag.String("record", "", "folder of the recorded exchanges")
	floor := flag.Int("floor", 1, "fail where fewer exchanges were checked")
	update := flag.Bool("update", false, "write routes.json anew")
	name := flag.String("subject", "okta", "what is emulated: okta or github")
	file := flag.String("document", "", "the subject's OpenAPI document; Okta's is found in the module cache")
	flag.Parse()
	if err := run(os.Stdout, *name, *file, *record, *floor, *update); err != nil {
		fmt.Fprintln(os.Stderr, "witness:", err)
		os.Exit(1)
	}
}

func run(w io.Writer, name, file, record string, floor int, update bool) error {
	of, ok := subjects()[name]
	if !ok {
		return fmt.Errorf("there is no subject %q", name)
	}
	if file == "" {
		found, err := locate()
		if err != nil {
			return err
		}
		file = found
	}
	d, err := readDocument(file, of)
	if err != nil {
		return err
	}
	x, err := readExpected(of.deviations)
	if err != nil {
		return err
	}
	all, cut, err := readRecord(record)
	if err != nil {
		return err
	}
	v := check(d, x, all)
	v.Cut = cut
	v.print(w, of)
	if v.Checked < floor {
		return fmt.Errorf("%d exchanges were checked, fewer than %d: the record is not whole", v.Checked, floor)
	}
	if err := of.routes(w, d, all, record, update); err != nil {
		return err
	}
	if v.failed() {
		return fmt.Errorf("the emulator does not answer as the document of %s says", of.name)
	}
	return nil
}
