// SPDX-License-Identifier: MIT

// The echo as one writes it in Go: a goroutine for each connection, over the
// runtime's own epoll loop.
//
//	peer-go HOST:PORT [--ready-fd N] [--handler echo]
//
// Read next: servers/coroutine.c.
package main

import (
	"flag"
	"fmt"
	"net"
	"os"
	"strings"
)

const unavailable = 69 // EX_UNAVAILABLE

func echo(c net.Conn) {
	defer c.Close()
	buf := make([]byte, 16384)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		if _, err = c.Write(buf[:n]); err != nil {
			return
		}
	}
}

func main() {
	readyFd := flag.Int("ready-fd", -1, "where the address is written")
	handler := flag.String("handler", "echo", "what to serve")
	// flag wants its options first.
	flag.CommandLine.Parse(append(os.Args[2:], os.Args[1]))
	if !strings.HasPrefix(*handler, "echo") {
		fmt.Fprintln(os.Stderr, "go is written for echo only")
		os.Exit(unavailable)
	}
	l, err := net.Listen("tcp", flag.Arg(0))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("listening on %s\n", l.Addr())
	if *readyFd >= 0 {
		f := os.NewFile(uintptr(*readyFd), "ready")
		fmt.Fprintf(f, "%s\n", l.Addr())
		f.Close()
	}
	for {
		c, err := l.Accept()
		if err == nil {
			go echo(c)
		}
	}
}
