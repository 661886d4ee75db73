import Commands

/// The results for a person, or for another program.
struct Report {
    let results: Results
    let options: Options

    /// One line on what was measured and how.
    var heading: String {
        let brokers = results.brokers.map { broker in
            (broker.name == "broker" ? "" : "\(broker.name): ") + "\(broker.product) at \(broker.address)"
        }
        let length = options.count.map { "\(Self.grouped($0)) messages" } ?? "about \(Self.short(options.seconds)) s"
        return brokers.joined(separator: ", ") + "; \(options.usesClient ? "with the client" : "raw"); "
            + "\(options.runs) runs of \(length) after a warm-up"
    }

    // MARK: A table for a terminal

    /// Above the lines; those come one by one, as the scenarios are done.
    var tableHead: String {
        if results.brokers.count == 1 {
            return "scenario".padded(to: 30) + Self.right("median", 14) + "         " + Self.right("lowest", 12)
                + Self.right("highest", 12) + Self.right("messages", 14) + Self.right("octets", 10)
        }
        return "scenario".padded(to: 30) + results.brokers.map { Self.right($0.name, 30) }.joined()
    }

    func tableLine(_ row: Results.Row) -> String {
        guard results.brokers.count == 1, let cell = row.cells.first else {
            return row.label.padded(to: 30) + row.cells.indices.map { Self.right(text(row, $0), 30) }.joined()
        }
        guard !cell.runs.isEmpty else { return row.label.padded(to: 30) + "  - " + (cell.note ?? "") }
        var line = row.label.padded(to: 30) + Self.right(Self.short(cell.samples.median), 14) + "  "
        line += row.figure.unit.padded(to: 7)
        if cell.runs.count > 1 {
            line += Self.right(Self.short(cell.samples.lowest), 12) + Self.right(Self.short(cell.samples.highest), 12)
            line += Self.right(Self.grouped(cell.count), 14) + Self.right("\(row.size ?? 0)", 10)
        }
        return line
    }

    /// Why some figures are missing.
    var notes: [String] {
        var seen: [String] = []
        for row in results.rows {
            for (broker, cell) in zip(results.brokers, row.cells) {
                guard let note = cell.note else { continue }
                let text = "\(broker.name), \(row.label.split(separator: ",")[0]): \(note)"
                if !seen.contains(text) { seen.append(text) }
            }
        }
        return seen
    }

    // MARK: Markdown

    var markdown: String {
        var lines = ["| | " + results.brokers.map { "\($0.name) (\($0.product))" }.joined(separator: " | ") + " |"]
        lines.append("|:--|" + results.brokers.map { _ in "--:|" }.joined())
        for row in results.rows {
            let size = row.size.map { ", \(Self.grouped($0)) B" } ?? ""
            lines.append(
                "| \(row.label)\(size) | " + row.cells.indices.map { text(row, $0) }.joined(separator: " | ") + " |")
        }
        lines.append("")
        lines.append(heading + ". The medians; ± is half of the way from the lowest to the highest run.")
        if let reference {
            lines.append(
                "× says how many times better than \(results.brokers[reference].name): more messages in a second, less "
                    + "time, less memory.")
        }
        lines += notes.map { "\n- \($0)" }
        return lines.joined(separator: "\n")
    }

    private var reference: Int? {
        guard results.brokers.count > 1 else { return nil }
        return results.brokers.firstIndex { $0.name == options.reference } ?? 0
    }

    /// A cell of several brokers' table: the median, its spread, and how it compares.
    private func text(_ row: Results.Row, _ place: Int) -> String {
        let cell = row.cells[place]
        guard !cell.runs.isEmpty else { return "-" }
        let median = cell.samples.median
        var text = "\(Self.short(median)) \(row.figure.unit)"
        if cell.runs.count > 1 { text += " ±\(Int((cell.samples.spread / 2).rounded()))%" }
        if let reference, place != reference, row.figure.isOfBroker, median > 0 {
            let other = row.cells[reference].samples.median
            if other > 0 {
                text += ", **\(Self.short(row.figure.lessIsBetter ? other / median : median / other))×**"
            }
        }
        return text
    }

    // MARK: JSON

    var json: String {
        let brokers = results.brokers.map {
            "{\"name\": \(Self.quoted($0.name)), \"product\": \(Self.quoted($0.product)), "
                + "\"address\": \(Self.quoted($0.address))}"
        }
        var figures: [String] = []
        for row in results.rows {
            for (broker, cell) in zip(results.brokers, row.cells) {
                var fields = [
                    "\"figure\": \(Self.quoted(row.label))", "\"broker\": \(Self.quoted(broker.name))",
                    "\"unit\": \(Self.quoted(row.figure.unit))",
                ]
                if let size = row.size { fields.append("\"size\": \(size), \"messages\": \(cell.count)") }
                if let note = cell.note { fields.append("\"note\": \(Self.quoted(note))") }
                if !cell.runs.isEmpty { fields.append("\"median\": \(cell.samples.median)") }
                fields.append("\"runs\": [\(cell.runs.map { "\($0)" }.joined(separator: ", "))]")
                figures.append("    {\(fields.joined(separator: ", "))}")
            }
        }
        return """
            {
              "mode": "\(options.usesClient ? "client" : "raw")",
              "brokers": [\(brokers.joined(separator: ", "))],
              "figures": [
            \(figures.joined(separator: ",\n"))
              ]
            }
            """
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }

    // MARK: Numbers

    /// Three figures are all that such a measurement is good for.
    static func short(_ value: Double) -> String {
        if value >= 100 { return grouped(Int(value.rounded())) }
        let places = value >= 10 ? 10.0 : 100.0
        let scaled = Int((value * places).rounded())
        let (whole, part) = (scaled / Int(places), "\(scaled % Int(places))")
        return "\(whole)." + String(repeating: "0", count: (places == 10 ? 1 : 2) - part.count) + part
    }

    /// With a comma every three digits.
    static func grouped(_ value: Int) -> String {
        let digits = String(value)
        var text = ""
        for (place, digit) in digits.enumerated() {
            if place > 0, (digits.count - place) % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return text
    }

    private static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(1, width - text.count)) + text
    }
}
