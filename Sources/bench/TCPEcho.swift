/// The yardstick of the round trip: the same octets to a thread of this process and back, over TCP on loopback. No broker
/// that has to be asked can be quicker.
final class TCPEcho {
    private let here: BlockingSocket
    private let octets: [UInt8]
    private let buffer: UnsafeMutableRawBufferPointer

    init(octets count: Int) throws(BenchError) {
        let (here, there) = try BlockingSocket.pair()
        self.here = here
        octets = [UInt8](repeating: 0, count: count)
        buffer = .allocate(byteCount: max(count, 65_536), alignment: 16)
        try BenchThread.start {
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
            defer { buffer.deallocate() }
            // Ends when the other end is closed.
            while let count = try? there.read(into: buffer) {
                try? there.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            }
        }
    }

    deinit {
        here.shutDown()
        buffer.deallocate()
    }

    /// Sends the octets and waits until they are back. Returns the seconds it took.
    func ping() throws(BenchError) -> Double {
        let start = Stopwatch.now
        let outcome = octets.withUnsafeBytes { bytes in
            Result { () throws(BenchError) in try here.write(bytes) }
        }
        try outcome.get()
        var back = 0
        while back < octets.count { back += try here.read(into: buffer) }
        return Stopwatch.now - start
    }
}

/// Round trips to the broker and echoes, in turn so that both meet the same state of the machine.
struct RoundTrips {
    private static let block = 100
    private let echo: TCPEcho
    private var seconds: [Double] = []
    /// The lowest median of a block of echoes: an echo's own time, or five times that, hangs on the core that the system
    /// wakes it on, so the yardstick is the echo at its best, and the same for whatever broker is measured beside it.
    private var bestEcho = Double.infinity

    init(against echo: TCPEcho) { self.echo = echo }

    /// How many round trips were made.
    var count: Int { seconds.count }

    /// Notes one to the broker; every hundred are followed by as many echoes.
    mutating func add(seconds trip: Double) throws(BenchError) {
        seconds.append(trip)
        if count % Self.block == 0 { try measureEcho() }
    }

    private mutating func measureEcho() throws(BenchError) {
        var echoes: [Double] = []
        for _ in 0..<Self.block { echoes.append(try echo.ping()) }
        bestEcho = min(bestEcho, Samples(echoes).median)
    }

    /// In the order of ``Scenario/figures``.
    mutating func figures() throws(BenchError) -> [Double] {
        if bestEcho == .infinity { try measureEcho() }
        let trips = Samples(seconds)
        return [trips.median * 1e6, trips.percentile(0.99) * 1e6, bestEcho * 1e6, trips.median / bestEcho]
    }
}
