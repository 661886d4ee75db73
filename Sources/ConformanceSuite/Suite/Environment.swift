import Foundation

/// What the person who runs the suite says about the broker and the run. README.md lists the variables.
struct Environment: Sendable {
    static let current = Environment(ProcessInfo.processInfo.environment)

    private let variables: [String: String]

    init(_ variables: [String: String]) { self.variables = variables }

    private subscript(_ name: String) -> String? {
        guard let value = variables[name], !value.isEmpty else { return nil }
        return value
    }

    /// The broker to test. Without it: our own.
    var amqpURL: String? { self["AMQP_URL"] }
    /// Our own broker: over TCP instead of in memory.
    var wantsTCP: Bool { self["CONFORMANCE_PEER"] == "tcp" }
    var brokerName: String? { self["BROKER_NAME"] }
    var brokerVersion: String? { self["BROKER_VERSION"] }
    /// `rabbitmq@4.3`: the release whose truths count whatever the broker says, and that our own in this process does as.
    var versionOf: Release? { self["CONFORMANCE_VERSION_OF"].flatMap { Release($0.replacing("rabbitmq@", with: "")) } }
    /// A case that knows truths for several releases is run in each dialect of our own broker, too.
    var speaksEveryDialect: Bool { amqpURL == nil && !wantsTCP && versionOf == nil }
    /// The command that administers the broker, as `rabbitmqctl -n name`.
    var administrator: String? { self["RABBITMQCTL"] }
    /// The command that stops and starts the broker, and returns when it answers again.
    var restart: String? { self["BROKER_RESTART"] }
    /// The command that kills the broker without warning and starts it again.
    var kill: String? { self["BROKER_KILL"] }
    /// The command that sets and clears policies: `set VHOST NAME PATTERN DEFINITION APPLY-TO PRIORITY`, `clear VHOST NAME`.
    var policy: String? { self["BROKER_POLICY"] }
    /// The nodes of a cluster, if it is one; the first one's address comes first.
    var nodeURLs: [String] { (self["AMQP_URLS"] ?? "").split(separator: " ").map(String.init) }
    /// The command that kills the nodes whose numbers stand behind it, without warning; 1 is the first.
    var killNode: String? { self["BROKER_KILL_NODE"] }
    /// The command that starts such nodes again, and returns when they answer.
    var startNode: String? { self["BROKER_START_NODE"] }
    /// The command that starts the broker anew, with no data; without it, `kill` has to do.
    var fresh: String? { self["BROKER_FRESH"] ?? kill }
    /// Start the broker anew before each case: for one that does not live through them all.
    var wantsFreshBroker: Bool { self["CONFORMANCE_FRESH"] == "1" }

    /// Stretches every wait and every deadline on a real clock: for a slow machine, or for a debugger.
    var timeScale: Double { self["CONFORMANCE_TIME_SCALE"].flatMap(Double.init) ?? 1 }
    /// Where the results go, a JSON line for each case.
    var results: String? { self["CONFORMANCE_RESULTS"] }
    /// The faults to run the cases with: names with commas between them, `area.` for all of an area, or `all`.
    var fault: String? { self["CONFORMANCE_FAULT"] }
    /// Only cases whose id starts so.
    var only: String? { self["CONFORMANCE_ONLY"] }
    /// Cases whose id starts so are left out: a line for each, with the reason behind a tab.
    var skipped: [(prefix: String, why: String)] {
        (self["CONFORMANCE_SKIP"] ?? "").split(separator: "\n").map { line in
            let parts = line.split(separator: "\t", maxSplits: 1).map(String.init)
            return (parts[0], parts.count > 1 ? parts[1] : "left out by CONFORMANCE_SKIP")
        }
    }
    static func text(ofSkipped skipped: [(prefix: String, why: String)]) -> String {
        skipped.map { "\($0.prefix)\t\($0.why)" }.joined(separator: "\n")
    }
    /// How many random walks a case about them takes, and the seed of the first; each has the next seed.
    var walks: Int { self["CONFORMANCE_WALKS"].flatMap(Int.init) ?? 12 }
    var firstWalk: UInt64 { self["CONFORMANCE_SEED"].flatMap(UInt64.init) ?? 1 }
    /// The path of a record that counts instead of the one in Baselines.
    var known: String? { self["CONFORMANCE_KNOWN"] }
    /// No case is run; each only tells of itself.
    var listsOnly: Bool { self["CONFORMANCE_LIST"] == "1" }
    /// Seconds until an answer of a broker with a clock of its own counts as missing.
    var answerTimeout: Double? { self["CONFORMANCE_TIMEOUT"].flatMap(Double.init) }
    /// How many cases use the broker at the same time.
    var width: Int { wantsFreshBroker ? 1 : self["CONFORMANCE_WIDTH"].flatMap(Int.init) ?? (amqpURL == nil ? 8 : 16) }

    /// What a rerun of one case needs in front of `swift test`: variables, as the shell takes them.
    ///
    /// A broker of Scripts/real-broker is gone when the run is over: its rerun starts another.
    var prefix: String {
        let ours = ["CONFORMANCE_PEER", "CONFORMANCE_TIME_SCALE", "CONFORMANCE_FRESH", "CONFORMANCE_VERSION_OF"]
        let broker = [
            "AMQP_URL", "AMQP_URLS", "RABBITMQCTL", "BROKER_RESTART", "BROKER_KILL", "BROKER_FRESH",
            "BROKER_POLICY", "BROKER_KILL_NODE", "BROKER_START_NODE",
        ]
        func settings(_ names: [String]) -> String {
            names.compactMap { name in self[name].map { "\(name)=\(shellQuoted($0)) " } }.joined()
        }
        guard let name = brokerName, self["BROKER_PID"] != nil else { return settings(broker + ours) }
        let options = (kill == nil ? "" : " --restarts") + (nodeURLs.isEmpty ? "" : " --nodes \(nodeURLs.count)")
        return settings(ours) + "Scripts/real-broker \(name)\(options) -- "
    }
}

/// A word as the shell takes it.
func shellQuoted(_ word: String) -> String {
    let plain = !word.isEmpty && word.allSatisfy { $0.isLetter || $0.isNumber || "-_./:@=,%".contains($0) }
    return plain ? word : "'" + word.replacingOccurrences(of: "'", with: "'\\''") + "'"
}
