package check_test

import (
	"testing"

	"github.com/swapctl/swapctl/internal/cli/clitest"
)

func TestMain(m *testing.M) { clitest.Main(m) }
