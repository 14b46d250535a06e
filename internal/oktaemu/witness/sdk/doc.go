// Package sdk has only tests: Okta's own SDK for Go, version 6, as a client of the emulator. Nobody here wrote it, and it
// reads every property of what it gets, so it shows where an answer has another shape than Okta's.
package sdk
