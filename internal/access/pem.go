package access

import (
	"regexp"
	"strings"
)

// PEMLines puts PEM into lines again, as a secret may have it otherwise: with its line ends written out, indented, or on one line. A
// block with headers is left as it is: its lines matter.
func PEMLines(text string) string {
	lines := strings.Split(strings.NewReplacer(`\r\n`, "\n", `\n`, "\n", `\r`, "\n").Replace(text), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	blocks := regexp.MustCompile(`(?s)(-----BEGIN [^-]*-----)(.*?)(-----END [^-]*-----)`)
	return blocks.ReplaceAllStringFunc(strings.Join(lines, "\n"), func(block string) string {
		part := blocks.FindStringSubmatch(block)
		if strings.Contains(part[2], ":") {
			return block
		}
		return part[1] + "\n" + strings.Join(strings.Fields(part[2]), "\n") + "\n" + part[3] + "\n"
	})
}
