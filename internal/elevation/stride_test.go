//go:build !race

package elevation_test

// stride is which requests the matrix takes: every one.
const stride = 1
