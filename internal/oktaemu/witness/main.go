// Command witness holds recorded answers of the emulator against Okta's own OpenAPI document, and says which clients
// exercised which routes. `.ci/run witness` makes the record and runs this.
//
// The validator is kin-openapi's: it takes the document as it is, follows discriminators, and its errors can be taken
// apart.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	record := flag.String("record", "", "folder of the recorded exchanges")
	floor := flag.Int("floor", 1, "fail where fewer exchanges were checked")
	update := flag.Bool("update", false, "write routes.json anew")
	flag.Parse()
	if err := run(os.Stdout, *record, *floor, *update); err != nil {
		fmt.Fprintln(os.Stderr, "witness:", err)
		os.Exit(1)
	}
}

func run(w io.Writer, record string, floor int, update bool) error {
	file, err := locate()
	if err != nil {
		return err
	}
	d, err := readDocument(file)
	if err != nil {
		return err
	}
	x, err := readExpected("deviations.yaml")
	if err != nil {
		return err
	}
	all, cut, err := readRecord(record)
	if err != nil {
		return err
	}
	v := check(d, x, all)
	v.Cut = cut
	v.print(w)
	if v.Checked < floor {
		return fmt.Errorf("%d exchanges were checked, fewer than %d: the record is not whole", v.Checked, floor)
	}
	if err := currentRoutes(w, d, all, update); err != nil {
		return err
	}
	if v.failed() {
		return errors.New("the emulator does not answer as Okta's document says")
	}
	return nil
}
