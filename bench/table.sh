#!/usr/bin/env bash
# Prints what was measured as Markdown: the goals, then every case.
#
#   bench/table.sh GOALS.tsv RESULTS.tsv
#
# A goal is `text  expression  comparison  limit  placement`. An expression is a
# row of the results as case:system, or two with / or - between them; of several
# rows, with commas, the largest counts. The placement is one (all on one CPU),
# free, both, or any: measured once, wherever.
set -euo pipefail
[ $# = 2 ] || { echo "usage: bench/table.sh GOALS.tsv RESULTS.tsv" >&2; exit 2; }

awk -F'\t' '
	# A figure as people read it.
	function shown(v, unit) {
		if (unit ~ /\/s$/ && unit != "GB/s")
			return v >= 1e6 ? sprintf("%.2f M", v / 1e6) : \
				v >= 1e3 ? sprintf("%.0f k", v / 1e3) : sprintf("%.0f", v)
		if (v >= 100 || v == int(v))
			return sprintf("%.0f", v)
		return sprintf(v >= 10 ? "%.1f" : v >= 0.1 ? "%.2f" : "%.2g", v)
	}
	function is_better_when_more(unit) { return unit ~ /\/s$/ || unit == "CPUs" }

	# --- goals ---

	function largest(rows, where,    n, i, names, key, most) {
		n = split(rows, names, ",")
		most = ""
		for (i = 1; i <= n; i++) {
			key = names[i]
			if (!((key, where) in value))
				return ""
			if (most == "" || value[key, where] > most)
				most = value[key, where]
		}
		return most
	}
	function measured(expression, where,    part, a, b) {
		split(expression, part, " ")
		a = largest(part[1], where)
		if (part[2] == "" || a == "")
			return a
		b = largest(part[3], where)
		if (b == "" || (part[2] == "/" && b == 0))
			return ""
		return part[2] == "/" ? a / b : a - b
	}
	function is_met(x, comparison, limit) {
		return comparison == "<=" ? x <= limit : comparison == "<" ? x < limit : \
			comparison == ">" ? x > limit : x >= limit
	}
	function verdict(goal, where,    x) {
		if (goal_where[goal] ~ /^(one|free)$/ && goal_where[goal] != where)
			return " "
		x = measured(goal_expression[goal], where)
		if (x == "")
			return goal_where[goal] == "any" && where != places[1] ? \
				" " : "not measured"
		return shown(x, x >= 1e5 ? "calls/s" : "") \
			(is_met(x, goal_is[goal], goal_limit[goal]) ? ", met" : ", **not met**")
	}
	function print_goals(    i) {
		print "\n## Goals\n"
		start_table()
		cell("goal"); cell("limit")
		for (i = 1; i <= n_places; i++)
			cell(title[places[i]])
		end_row()
		for (i = 1; i <= n_goals; i++) {
			cell(goal_text[i])
			cell(goal_is[i] " " shown(goal_limit[i], goal_limit[i] >= 1e5 ? "calls/s" : ""))
			for (p = 1; p <= n_places; p++)
				cell(verdict(i, places[p]))
			end_row()
		}
		end_table()
	}

	# --- cases ---

	function beside(name, who, where,    row, peer, mine, unit, ratio) {
		row = name ":" who
		if (who == "floor" && name in is_call)
			row = "ping-pong:floor"
		if (!((row, where) in value))
			return " "
		peer = value[row, where]
		unit = unit_of[name, where]
		if (!((name ":mproxy", where) in value) || peer == 0)
			return shown(peer, unit)
		mine = value[name ":mproxy", where]
		if (who == "floor" || mine == 0)
			ratio = mine / peer
		else
			ratio = is_better_when_more(unit) ? mine / peer : peer / mine
		return shown(peer, unit) " (" shown(ratio, "") ")"
	}
	function mine_or_none(name, where) {
		return (name ":mproxy", where) in value ? \
			shown(value[name ":mproxy", where], unit_of[name, where]) : " "
	}
	# Those without a column of their own, with their names.
	function others(name, where,    i, text) {
		text = ""
		for (i = 1; i <= n_systems; i++) {
			if (systems[i] in column || !((name ":" systems[i], where) in value))
				continue
			text = text (text == "" ? "" : ", ") systems[i] " " beside(name, systems[i], where)
		}
		return text == "" ? " " : text
	}
	function print_cases(where,    i, name) {
		print "\n## " title[where] "\n"
		start_table()
		cell("case"); cell("unit"); cell("mproxy"); cell("floor"); cell("redis")
		cell("python"); cell("others")
		end_row()
		for (i = 1; i <= n_cases; i++) {
			name = cases[i]
			if (!((name, where) in unit_of))
				continue
			if (name == "ping-pong")
				continue	# it is the floor of all calls
			cell(name); cell(unit_of[name, where]); cell(mine_or_none(name, where))
			cell(beside(name, "floor", where)); cell(beside(name, "redis", where))
			cell(beside(name, "python", where)); cell(others(name, where))
			end_row()
		}
		end_table()
	}

	# --- a table whose columns are aligned ---

	function start_table() { n_rows = 0; n_cells = 0; split("", width) }
	function cell(text) {
		cells[n_rows + 1, ++n_cells] = text
		if (length(text) > width[n_cells])
			width[n_cells] = length(text)
	}
	function end_row() { n_rows++; columns = n_cells; n_cells = 0 }
	function end_table(    r, c, line, dashes) {
		for (r = 1; r <= n_rows; r++) {
			line = "|"; dashes = "|"
			for (c = 1; c <= columns; c++) {
				line = line sprintf(" %-" width[c] "s |", cells[r, c])
				dashes = dashes sprintf(" %" width[c] "s |", "")
			}
			print line
			if (r == 1) {
				gsub(/ /, "-", dashes)
				print dashes
			}
		}
	}

	BEGIN {
		is_call["dict-get"] = is_call["dict-set"] = 1
		is_call["list-get"] = is_call["list-append"] = 1
		title["one"] = "all on one CPU"; title["free"] = "free placement"
		column["mproxy"] = column["floor"] = column["redis"] = column["python"] = 1
	}
	FNR == 1 { file++ }
	file == 1 && !/^#/ {
		goal_text[++n_goals] = $1; goal_expression[n_goals] = $2
		goal_is[n_goals] = $3; goal_limit[n_goals] = $4 + 0; goal_where[n_goals] = $5
	}
	file == 2 {
		value[$1 ":" $2, $5] = $3 + 0
		unit_of[$1, $5] = $4
		if (!($1 in known_case)) { known_case[$1] = 1; cases[++n_cases] = $1 }
		if (!($2 in known_system)) { known_system[$2] = 1; systems[++n_systems] = $2 }
		if (!($5 in known_place)) { known_place[$5] = 1; places[++n_places] = $5 }
	}
	END {
		print_goals()
		print "\nIn brackets: beside the floor, our figure divided by it; beside a peer,"
		print "how many times better than it we are (above 1) or worse (below)."
		for (i = 1; i <= n_places; i++) {
			if ((("ping-pong:floor"), places[i]) in value)
				floors = floors sprintf("\nRaw ping-pong, %s: %s us.", title[places[i]], \
					shown(value["ping-pong:floor", places[i]], "us"))
		}
		print floors
		for (i = 1; i <= n_places; i++)
			print_cases(places[i])
	}
' "$1" "$2"
