import AMQPClient
import AMQPWire

/// What came of measuring: everything that a report shows.
struct Results: Sendable {
    /// One figure of one scenario, on each broker.
    struct Row: Sendable {
        var label: String
        var figure: Figure
        /// Octets of a body; nil for memory.
        var size: Int?
        var cells: [Cell]
    }

    /// One broker's runs, or why there are none.
    struct Cell: Sendable {
        var samples = Samples([])
        /// In the order of the runs.
        var runs: [Double] = []
        /// Messages of a run.
        var count = 0
        var note: String?
    }

    struct Broker: Sendable {
        var name: String
        var product: String
        var address: String
    }

    var brokers: [Broker] = []
    var rows: [Row] = []
}

/// Runs the scenarios one after the other, and in each the brokers in turn, run by run: whatever else the machine does
/// then meets all of them.
struct Measurement {
    let options: Options
    private(set) var results = Results()
    private var workloadNumber = 0
    private let runName: String

    /// `runName` keeps the objects of this process apart from another's.
    init(_ options: Options, runName: String) {
        self.options = options
        self.runName = runName
    }

    /// Meets every broker, and looks at its memory before it has done anything. Throws when one is not there.
    mutating func begin() throws(BenchError) {
        for target in options.targets {
            let configuration = target.configuration
            let connection = try RawConnection(configuration)
            results.brokers.append(
                Results.Broker(
                    name: target.name, product: connection.product,
                    address: "\(configuration.host):\(configuration.port)"))
            try connection.close()
        }
        addMemory("memory, idle") { $0.current }
    }

    /// Measures one scenario; its rows are added to the results.
    mutating func measure(_ scenario: Scenario) async {
        let size = options.size ?? scenario.defaultSize
        let targets = options.targets
        var counts = [Int](repeating: 0, count: targets.count)
        var notes = [String?](repeating: nil, count: targets.count)
        var runs = [[[Double]]](repeating: [], count: targets.count)
        for place in targets.indices {
            do {
                let warmUp = min(scenario.warmUpCount, options.count ?? .max)
                let start = Stopwatch.now
                let figures = try await run(scenario, warmUp, size, targets[place])
                counts[place] =
                    options.count ?? count(of: scenario, warmUp, figures[0], seconds: Stopwatch.now - start)
            } catch {
                notes[place] = "\(error)"
            }
        }
        for _ in 0..<options.runs {
            for place in targets.indices where notes[place] == nil {
                do {
                    runs[place].append(try await run(scenario, counts[place], size, targets[place]))
                } catch {
                    notes[place] = "\(error)"
                }
            }
        }
        for (number, figure) in scenario.figures.enumerated() {
            let cells = targets.indices.map { place in
                let values = notes[place] == nil ? runs[place].map { $0[number] } : []
                return Results.Cell(
                    samples: Samples(values), runs: values, count: counts[place], note: notes[place])
            }
            let label = figure.label.isEmpty ? scenario.rawValue : "\(scenario.rawValue), \(figure.label)"
            results.rows.append(.init(label: label, figure: figure, size: size, cells: cells))
        }
    }

    /// The most memory that a broker has taken in all this.
    mutating func end() { addMemory("memory, at most") { $0.peak } }

    /// How many messages make a run of the wanted length, by the warm-up's rate; a round number.
    private func count(of scenario: Scenario, _ warmUp: Int, _ first: Double, seconds: Double) -> Int {
        let rate = scenario == .roundtrip ? Double(warmUp) / seconds : first / Double(scenario.copies)
        let wanted = min(max(rate * options.seconds, Double(warmUp)), Double(scenario.largestCount))
        var unit = 1.0
        while wanted / unit >= 100 { unit *= 10 }
        return Int((wanted / unit).rounded() * unit)
    }

    /// One run: declares what it needs, and deletes it.
    private mutating func run(
        _ scenario: Scenario, _ count: Int, _ size: Int, _ target: Options.Target
    ) async throws -> [Double] {
        workloadNumber += 1
        let workload = Workload(
            scenario, name: "\(runName).\(workloadNumber)", count: count, size: size, window: options.window)
        let configuration = target.configuration(for: scenario)
        let figures: [Double]
        do {
            let control = try RawConnection(configuration)
            try control.declare(workload)
            try control.close()
            figures =
                options.usesClient
                ? try await ClientDriver.run(workload, configuration) : try RawDriver.run(workload, configuration)
        } catch {
            // What the run left behind goes, if that can still be had; its own error is what counts.
            try? delete(workload, configuration)
            throw error
        }
        try delete(workload, configuration)
        return figures
    }

    private func delete(_ workload: Workload, _ configuration: ConnectionConfiguration) throws(BenchError) {
        let control = try RawConnection(configuration)
        try control.delete(workload)
        try control.close()
    }

    private mutating func addMemory(_ label: String, _ value: (ResidentMemory) -> Int) {
        let cells = options.targets.map { target in
            let memory = target.pid.flatMap { ResidentMemory.of(pid: $0) }
            let runs = memory.map { [Double(value($0)) / 1_048_576] } ?? []
            return Results.Cell(samples: Samples(runs), runs: runs, note: nil)
        }
        guard cells.contains(where: { !$0.runs.isEmpty }) else { return }
        results.rows.append(
            .init(label: label, figure: Figure(unit: "MiB", lessIsBetter: true), size: nil, cells: cells))
    }
}
