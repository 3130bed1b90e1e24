package report

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/url"
	"strconv"
	"strings"
)

// Tool describes the program in a SARIF file.
type Tool struct {
	Name           string `json:"name"`
	Version        string `json:"version,omitempty"`
	InformationURI string `json:"informationUri"`
}

type sarifText struct {
	Text string `json:"text"`
}

type sarifRule struct {
	ID      string    `json:"id"`
	Short   sarifText `json:"shortDescription"`
	HelpURI string    `json:"helpUri"`
}

type sarifLocation struct {
	Physical struct {
		Artifact struct {
			URI string `json:"uri"`
		} `json:"artifactLocation"`
		Region struct {
			StartLine   int `json:"startLine"`
			StartColumn int `json:"startColumn,omitempty"`
		} `json:"region"`
	} `json:"physicalLocation"`
}

type sarifResult struct {
	RuleID       string            `json:"ruleId"`
	RuleIndex    int               `json:"ruleIndex"`
	Kind         string            `json:"kind"`
	Level        string            `json:"level"`
	Message      sarifText         `json:"message"`
	Locations    []sarifLocation   `json:"locations"`
	Fingerprints map[string]string `json:"partialFingerprints"`
}

type sarifDriver struct {
	Tool
	Rules []sarifRule `json:"rules"`
}

type sarifRun struct {
	Tool struct {
		Driver sarifDriver `json:"driver"`
	} `json:"tool"`
	Results []sarifResult `json:"results"`
}

// WriteSARIF writes the cases as a SARIF 2.1.0 log (OASIS). Every case is a rule; those
// that failed or warn are results: code scanning shows each result as an alert, whatever
// its kind (docs.github.com, "SARIF support for code scanning").
func WriteSARIF(w io.Writer, tool Tool, cases []Case) error {
	run := sarifRun{Results: []sarifResult{}}
	run.Tool.Driver = sarifDriver{Tool: tool, Rules: []sarifRule{}}
	rules, seen := map[string]int{}, map[string]int{}
	for _, c := range cases {
		index, known := rules[c.ID]
		if !known {
			index = len(rules)
			rules[c.ID] = index
			run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRule{ID: c.ID, Short: sarifText{c.Title}, HelpURI: c.Help})
		}
		if c.Outcome == Failed || c.Outcome == Warned {
			result, print := c.sarif(index), c.fingerprint()
			seen[print]++
			result.Fingerprints = map[string]string{"primaryLocationLineHash": print + ":" + strconv.Itoa(seen[print])}
			run.Results = append(run.Results, result)
		}
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{run}})
}

func (c Case) sarif(rule int) sarifResult {
	r := sarifResult{RuleID: c.ID, RuleIndex: rule, Kind: "fail", Level: "error", Message: sarifText{c.Message}}
	if c.Outcome == Warned {
		r.Level = "warning"
	}
	if c.Advice != "" {
		r.Message.Text += "\n" + c.Advice
	}
	var at sarifLocation
	at.Physical.Artifact.URI = relative(c.Place.File)
	at.Physical.Region.StartLine = max(1, c.Place.Line)
	at.Physical.Region.StartColumn = c.Place.Column
	r.Locations = []sarifLocation{at}
	return r
}

// fingerprint is the same as long as a fault is: without the line, which moves, and the
// message, which may have sizes in it.
func (c Case) fingerprint() string {
	sum := sha256.Sum256([]byte(c.ID + "\x00" + relative(c.Place.File) + "\x00" + c.Place.Field))
	return hex.EncodeToString(sum[:8])
}

// relative is the name of a file as a URI below the root of what is scanned: code
// scanning takes no other.
func relative(file string) string {
	file = strings.TrimLeft(strings.ReplaceAll(file, "\\", "/"), "/")
	for strings.HasPrefix(file, "./") || strings.HasPrefix(file, "../") {
		_, file, _ = strings.Cut(file, "/")
	}
	uri := (&url.URL{Path: file}).EscapedPath()
	return strings.ReplaceAll(uri, ":", "%3A") // a scheme would end with one
}
