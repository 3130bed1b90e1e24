// Package story runs the stories: testscript files that say what a user does to
// a machine and what must then be true. Each story runs once for every lane and
// every combination of values that its header asks for.
package story

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Story is one file of the stories directory.
type Story struct {
	Name    string
	File    string
	Lanes   []string
	matrix  map[string][][]dimension // by lane ("" for all others): the lines of the matrix; their combinations add up
	Reuse   bool                     // it leaves the machine unchanged, so that another story may use it
	Timeout time.Duration            // of one run

	Packages bool // it needs the packages of a release inside of the machine
}

// dimension is one name of a matrix and its values.
type dimension struct {
	name   string
	values []string
}

// Run is a story in one lane with one combination of values.
type Run struct {
	Story  Story
	Lane   string
	Values []string // name=value, in the order of the matrix
}

// Name identifies a run: lane/story/a=1,b=2.
func (t Run) Name() string {
	name := t.Lane + "/" + t.Story.Name
	if len(t.Values) > 0 {
		name += "/" + strings.Join(t.Values, ",")
	}
	return name
}

// Load reads the headers of all stories in the directory and those right below it.
// long also reads the lines that begin with "# long", which add lanes and combinations: they are for runs that take hours.
func Load(dir string, lanes []string, long bool) ([]Story, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil {
		return nil, err
	}
	below, err := filepath.Glob(filepath.Join(dir, "*/*.txtar"))
	if err != nil {
		return nil, err
	}
	files = append(files, below...)
	if len(files) == 0 {
		return nil, fmt.Errorf("cannot find any story in %s", dir)
	}
	stories := make([]Story, 0, len(files))
	for _, file := range files {
		story, err := load(file, lanes, long)
		if err != nil {
			return nil, fmt.Errorf("cannot read the header of %s: %w", file, err)
		}
		stories = append(stories, story)
	}
	return stories, nil
}

// load reads the comment lines at the beginning of a file. Those of the form "#
// word: values" are settings, all others are text.
func load(path string, lanes []string, long bool) (Story, error) {
	story := Story{
		Name: strings.TrimSuffix(filepath.Base(path), ".txtar"), File: path,
		matrix: map[string][][]dimension{}, Timeout: 6 * time.Minute,
	}
	file, err := os.Open(path)
	if err != nil {
		return story, err
	}
	defer file.Close()
	seen := false // a line for long runs; there may be no others
	for lines := bufio.NewScanner(file); lines.Scan(); {
		comment, is := strings.CutPrefix(lines.Text(), "#")
		if !is {
			break
		}
		word, rest, _ := strings.Cut(strings.TrimSpace(comment), ":")
		if after, is := strings.CutPrefix(word, "long "); is {
			if seen = true; !long {
				continue
			}
			word = after
		}
		if err := story.header(word, strings.Fields(rest), lanes); err != nil {
			return story, err
		}
	}
	if len(story.Lanes) == 0 && !seen {
		return story, fmt.Errorf("no line \"# lanes: %s\"", strings.Join(lanes, " "))
	}
	return story, nil
}

func (s *Story) header(word string, values, lanes []string) error {
	var err error
	kind, lane, _ := strings.Cut(word, " ")
	switch kind {
	case "lanes":
		s.Lanes = append(s.Lanes, values...)
		for _, name := range values {
			if !slices.Contains(lanes, name) {
				return fmt.Errorf("no lane %q: there are %s", name, strings.Join(lanes, " "))
			}
		}
	case "matrix": // "matrix:" is for all lanes; "matrix LANE:" replaces it for one
		if lane != "" && !slices.Contains(lanes, lane) {
			return fmt.Errorf("no lane %q: there are %s", lane, strings.Join(lanes, " "))
		}
		var line []dimension
		line, err = dimensions(values)
		s.matrix[lane] = append(s.matrix[lane], line)
	case "reuse":
		s.Reuse = slices.Equal(values, []string{"yes"})
	case "packages":
		s.Packages = slices.Equal(values, []string{"yes"})
	case "timeout":
		s.Timeout, err = time.ParseDuration(strings.Join(values, ""))
	}
	return err
}

func dimensions(words []string) ([]dimension, error) {
	all := make([]dimension, 0, len(words))
	for _, word := range words {
		name, values, found := strings.Cut(word, "=")
		if !found || name == "" || values == "" {
			return nil, fmt.Errorf("cannot read %q: want name=value,value", word)
		}
		all = append(all, dimension{name: name, values: strings.Split(values, ",")})
	}
	return all, nil
}

// Runs returns the combinations for one lane, each once; none if the story is
// not for it.
func (s Story) Runs(lane string) []Run {
	if !slices.Contains(s.Lanes, lane) {
		return nil
	}
	matrix, own := s.matrix[lane]
	if !own {
		matrix = s.matrix[""]
	}
	if len(matrix) == 0 {
		return []Run{{Story: s, Lane: lane}}
	}
	var runs []Run
	seen := map[string]bool{}
	for _, line := range matrix {
		for _, values := range combinations(line) {
			run := Run{Story: s, Lane: lane, Values: values}
			if !seen[run.Name()] {
				seen[run.Name()] = true
				runs = append(runs, run)
			}
		}
	}
	return runs
}

// combinations returns every combination of the values of the dimensions.
func combinations(line []dimension) [][]string {
	all := [][]string{nil}
	for _, d := range line {
		var longer [][]string
		for _, begun := range all {
			for _, value := range d.values {
				longer = append(longer, append(slices.Clone(begun), d.name+"="+value))
			}
		}
		all = longer
	}
	return all
}
