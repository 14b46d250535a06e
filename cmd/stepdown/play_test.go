package main

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// paper is what a program writes, read while it runs.
type paper struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (p *paper) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(b)
}

func (p *paper) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

// waitFor waits until it holds the text.
func (p *paper) waitFor(t *testing.T, text string) {
	t.Helper()
	for range 600 {
		if strings.Contains(p.String(), text) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("it never says %q:\n%s", text, p.String())
}

// player pastes what demo --keep prints into shells of their own.
type player struct {
	t      *testing.T
	dir    string
	blocks []string // what stands together in the text
}

// shell runs a block in a new shell that knows nothing.
func (p player) shell(out *paper, blocks ...int) *exec.Cmd {
	var text []string
	for _, i := range blocks {
		text = append(text, p.blocks[i])
	}
	cmd := exec.CommandContext(p.t.Context(), "sh", "-c", strings.Join(text, "\n"))
	cmd.WaitDelay = 5 * time.Second // what a shell that was ended has left behind is not waited for
	cmd.Dir, cmd.Env = p.dir, []string{"PATH=" + os.Getenv("PATH"), "HOME=" + p.dir, "GOCOVERDIR=" + os.Getenv("GOCOVERDIR")}
	cmd.Stdout, cmd.Stderr = out, out
	return cmd
}

// says pastes blocks and wants the texts in what comes of it.
func (p player) says(blocks []int, want ...string) {
	p.t.Helper()
	var out paper
	_ = p.shell(&out, blocks...).Run() // the last line's exit code, which is what its text says
	for _, text := range want {
		if !strings.Contains(out.String(), text) {
			p.t.Errorf("blocks %v do not say %q:\n%s", blocks, text, out.String())
		}
	}
}

// TestWhatTheDemoPrintsCanBePasted: each command that demo --keep prints does what the text beside it says.
func TestWhatTheDemoPrintsCanBePasted(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"sh", "curl", "sed", "mktemp"} {
		if _, err := exec.LookPath(tool); err != nil {
			missing(t, err)
		}
	}
	binary, err := exec.LookPath("stepdown")
	if err != nil {
		t.Fatal(err)
	}
	var story paper
	demo := exec.Command(binary, "demo", "--keep")
	demo.Dir, demo.Stdout, demo.Stderr = t.TempDir(), &story, &story
	if err := demo.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = demo.Process.Signal(os.Interrupt); _ = demo.Wait() })
	story.waitFor(t, "stepdown doctor --ledger branch:stepdown-ledger\n")
	_, text, _ := strings.Cut(story.String(), "The emulators stay up")
	p := player{t: t, dir: t.TempDir()}
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		if strings.HasPrefix(paragraph, "  ") {
			p.blocks = append(p.blocks, paragraph)
		}
	}
	if len(p.blocks) != 6 {
		t.Fatalf("%d blocks to paste:\n%s", len(p.blocks), text)
	}
	p.says([]int{0, 1}, "plan for svc-shipping-labels@northwind.example")
	p.says([]int{0, 2}, "waiting: ", "/stepdown ready")
	var out paper
	apply := p.shell(&out, 0, 3)
	if err := apply.Start(); err != nil {
		t.Fatal(err)
	}
	var step paper
	for range 120 { // the operator comes as soon as the window is open
		if _ = p.shell(&step, 4).Run(); strings.Contains(step.String(), "created: 200") {
			break
		}
		time.Sleep(500 * time.Millisecond)
	}
	if !strings.Contains(step.String(), "created: 200") {
		t.Fatalf("the operator cannot create the token:\n%s\n%s", step.String(), out.String())
	}
	if err := apply.Wait(); err != nil || !strings.Contains(out.String(), "commented: 201") {
		t.Errorf("apply: %v\n%s", err, out.String())
	}
	p.says([]int{0, 5}, "Merge this pull request", "no lease is due", "OKTA-TOK-002", "How northwind/okta-access is set up")
}
