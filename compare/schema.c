/* SPDX-License-Identifier: MIT */
/*
 * The tables, as one script per version: number n brings a database from
 * version n to n + 1. A script that has been released is never changed.
 */
#include "compare/schema.h"

const char *const schema_steps[] = {
	/* 0 -> 1 */
	"CREATE TABLE environment ("
	" id INTEGER PRIMARY KEY,"
	" document TEXT NOT NULL UNIQUE," /* all of it, as JSON */
	" kernel TEXT, machine TEXT, cpu TEXT, cpus INTEGER,"
	" memory_bytes INTEGER, governor TEXT, virtualization TEXT,"
	" compiler TEXT, version TEXT, limits TEXT, sysctls TEXT);"

	"CREATE TABLE run ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" environment_id INTEGER NOT NULL REFERENCES environment(id),"
	" uuid TEXT NOT NULL UNIQUE, title TEXT, experiment TEXT,"
	" definition TEXT, command TEXT, started TEXT, finished TEXT,"
	" status TEXT NOT NULL, baseline TEXT, varied TEXT, server_cpus TEXT,"
	" client_cpus TEXT, shared_cpus INTEGER, seed INTEGER, rounds INTEGER,"
	" duration_ns INTEGER, warmup_ns INTEGER, load_before REAL,"
	" load_after REAL);"

	"CREATE TABLE cell ("
	" id INTEGER PRIMARY KEY,"
	" run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,"
	" position INTEGER NOT NULL, model TEXT NOT NULL,"
	" handler TEXT NOT NULL, workload TEXT NOT NULL,"
	" point TEXT NOT NULL, options TEXT NOT NULL, skipped TEXT,"
	" UNIQUE (run_id, position));"

	"CREATE TABLE sample ("
	" id INTEGER PRIMARY KEY,"
	" cell_id INTEGER NOT NULL REFERENCES cell(id) ON DELETE CASCADE,"
	" round INTEGER NOT NULL, place INTEGER, started TEXT,"
	" status TEXT NOT NULL, reason TEXT, note TEXT, bounded_by TEXT,"
	" window_ns INTEGER, requests INTEGER, requests_per_second REAL,"
	" p50_ns INTEGER, p90_ns INTEGER, p99_ns INTEGER, p99_9_ns INTEGER,"
	" max_ns INTEGER, connections_asked INTEGER,"
	" connections_served INTEGER, client_cpu_share REAL, cpu_source TEXT,"
	" cpu_ns INTEGER, user_ns INTEGER, system_ns INTEGER,"
	" voluntary_switches INTEGER, involuntary_switches INTEGER,"
	" switch_requests INTEGER, minor_faults INTEGER, major_faults INTEGER,"
	" processes INTEGER, threads INTEGER, rss_bytes INTEGER,"
	" pss_bytes INTEGER, idle_pss_bytes INTEGER, steal_ns INTEGER,"
	" foreign_ns INTEGER, listen_drops INTEGER, load REAL,"
	" client TEXT, server TEXT);"
	"CREATE INDEX sample_of_cell ON sample(cell_id, round);"

	"CREATE TABLE interval ("
	" sample_id INTEGER NOT NULL REFERENCES sample(id) ON DELETE CASCADE,"
	" start_ns INTEGER NOT NULL, length_ns INTEGER NOT NULL, ok INTEGER,"
	" failed INTEGER, p50_ns INTEGER, p99_ns INTEGER, max_ns INTEGER);"
	"CREATE INDEX interval_of_sample ON interval(sample_id, start_ns);"

	"CREATE TABLE histogram ("
	" sample_id INTEGER NOT NULL REFERENCES sample(id) ON DELETE CASCADE,"
	" kind TEXT NOT NULL, count INTEGER, min INTEGER, mean REAL,"
	" stddev REAL, p50 INTEGER, p75 INTEGER, p90 INTEGER, p95 INTEGER,"
	" p99 INTEGER, p99_9 INTEGER, p99_99 INTEGER, max INTEGER,"
	" PRIMARY KEY (sample_id, kind)) WITHOUT ROWID;"

	"CREATE TABLE worker ("
	" sample_id INTEGER NOT NULL REFERENCES sample(id) ON DELETE CASCADE,"
	" worker INTEGER NOT NULL, kind TEXT, accepted INTEGER,"
	" requests INTEGER, cpu_seconds REAL, respawns INTEGER);"
	"CREATE INDEX worker_of_sample ON worker(sample_id);",
	/* 1 -> 2 */
	"ALTER TABLE sample ADD COLUMN inject TEXT;",

	/* 2 -> 3: as many rounds as it takes, and noise that is told */
	"ALTER TABLE run ADD COLUMN until REAL;"
	"ALTER TABLE run ADD COLUMN budget_ns INTEGER;"
	"ALTER TABLE run ADD COLUMN repeats INTEGER;"
	"ALTER TABLE sample ADD COLUMN attempt INTEGER;"
	"ALTER TABLE sample ADD COLUMN noise TEXT;"
	"ALTER TABLE sample ADD COLUMN noise_share REAL;",

	/* 3 -> 4: system calls, the client's ceiling, and the build */
	"ALTER TABLE run ADD COLUMN purpose TEXT;"
	"ALTER TABLE run ADD COLUMN counting TEXT;"
	"ALTER TABLE environment ADD COLUMN flags TEXT;"
	"ALTER TABLE cell ADD COLUMN ceiling REAL;"
	"ALTER TABLE sample ADD COLUMN listen_overflows INTEGER;"
	"ALTER TABLE sample ADD COLUMN accept_again INTEGER;"
	"ALTER TABLE sample ADD COLUMN syscall_count INTEGER;"
	"ALTER TABLE sample ADD COLUMN syscalls TEXT;",

	/* 4 -> 5: CPUs that were slower, or farther apart, than they can be */
	"ALTER TABLE run ADD COLUMN patience_ns INTEGER;"
	"ALTER TABLE sample ADD COLUMN slowdown REAL;"
	"ALTER TABLE sample ADD COLUMN distance_ns REAL;",

	/* 5 -> 6: what the server's workers did within the window */
	"ALTER TABLE sample ADD COLUMN server_window TEXT;",
};
