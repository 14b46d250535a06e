package report

import (
	"regexp"
	"slices"
	"strings"
)

// standing is the second line of the comment, as invisible as the first: the stage, and the head that it is about. Who has no
// ledger, as a plan has none, learns by it what not to write over.
func (t Thread) standing() string {
	sha := t.HeadSHA
	if !fullSHA.MatchString(sha) {
		sha = "-"
	}
	return "<!-- stepdown:stage " + string(t.Stage) + " " + sha + " -->"
}

var (
	fullSHA      = regexp.MustCompile(`^[0-9a-f]{40}$`)
	standingLine = regexp.MustCompile(`^<!-- stepdown:stage ([a-z]+) ([0-9a-f]{40}|-) -->$`)
)

// ThreadStage reads the stage, and the head that it is about, from a comment. Whoever asks has to know who wrote the comment.
func ThreadStage(comment string) (stage Stage, headSHA string, ok bool) {
	first, rest, _ := strings.Cut(comment, "\n")
	second, _, _ := strings.Cut(rest, "\n")
	m := standingLine.FindStringSubmatch(strings.TrimRight(second, "\r"))
	if strings.TrimRight(first, "\r") != ThreadMarker || m == nil {
		return "", "", false
	}
	return Stage(m[1]), m[2], true
}

// Held tells whether an account may be elevated at the stage: it is shown until whoever ends the lease says how.
func (s Stage) Held() bool { return slices.Contains([]Stage{StageOpen, StageStepping, StageStuck}, s) }

// Comes tells whether at the stage nothing is granted yet and something may be.
func (s Stage) Comes() bool {
	return slices.Contains([]Stage{StagePlanned, StageDenied, StageRefused, StageFailed, StageWaiting, StageUnchanged, StageEnding}, s)
}

// OutranksPlan tells whether what a comment says at the stage is not for a plan of headSHA to write over: while the account may be
// elevated, whatever was pushed meanwhile, and what came of a lease for the same head.
func (s Stage) OutranksPlan(about, headSHA string) bool {
	return s.Held() || (about == headSHA && slices.Contains([]Stage{StageDone, StageUndone, StageEnded}, s))
}
