#if os(Linux)
    import Foundation
    import TestSupport
    import Testing

    @testable import AMQPTransport

    /// What each open descriptor leads to.
    private func descriptors() -> [String] {
        let files = FileManager.default
        let numbers = (try? files.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        // The one that the folder was read by is gone by now.
        return numbers.compactMap { try? files.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)") }
    }

    private let timer = "anon_inode:[timerfd]"

    /// Without the library's timers: it makes a descriptor for each clock, when somebody first waits by it.
    private func openDescriptors() -> Int { descriptors().count { $0 != timer } }

    /// Lets a loop and the library's timers make what they need. A time that is up already when it is asked for, as on a
    /// busy machine, needs no timer.
    private func warmUp(_ loop: EventLoop) async throws {
        await withCheckedContinuation { started in loop.execute { started.resume() } }
        var milliseconds = 1
        while !descriptors().contains(timer) {
            try await Task.sleep(for: .milliseconds(milliseconds))
            milliseconds *= 2
        }
    }

    /// Each test has a process of its own: other tests open and close descriptors all the time.
    @Suite(.watched)
    struct DescriptorTests {
        @Test func everyWayToEndGivesTheDescriptorsBack() async {
            await #expect(processExitsWith: .success) {
                endWithParent()
                let loop = EventLoop()
                try await warmUp(loop)
                let before = openDescriptors()
                for round in 0..<60 {
                    let (one, two) = try await tcpPair(loop: loop)
                    if round % 5 == 4 { continue }  // Never started, dropped.
                    let (first, second) = (Recorder(), Recorder())
                    one.start(first)
                    two.start(second)
                    one.send("x")
                    switch round % 5 {
                    case 0: one.close()
                    case 1: one.abort()
                    case 2:
                        one.close()
                        two.close()
                    default:
                        two.abort()
                        one.close()
                    }
                    _ = await first.untilEnd()
                    _ = await second.untilEnd()
                    _ = try? await TCPStream.connect(host: "127.0.0.1", port: 1, loop: loop)
                }
                // A lingering side waits for its peer's end of stream, which is under way.
                try await until { openDescriptors() <= before }
                exit(EXIT_SUCCESS)
            }
        }

        @Test func aStoppedLoopGivesEverythingBack() async {
            await #expect(processExitsWith: .success) {
                endWithParent()
                try await warmUp(.shared)
                let before = openDescriptors()
                for kind in [PollerKind.best, .poll] {
                    let loop = EventLoop(kind)
                    let (one, two) = try await tcpPair(loop: loop)
                    one.start(Recorder())
                    two.start(Recorder())
                    loop.stop()
                }
                try await until { openDescriptors() <= before }
                exit(EXIT_SUCCESS)
            }
        }

        /// Out of descriptors, connections wait; when there are some again, they are accepted.
        @Test func outOfDescriptorsWaitingConnectionsAreAcceptedLater() async {
            await #expect(processExitsWith: .success) {
                endWithParent()
                let loop = EventLoop()
                let accepted = Box<TCPStream>()
                let listener = try TCPListener(host: "127.0.0.1", port: 0, loop: loop) { accepted.put($0) }
                let client = try Socket.open(family: AF_INET).get()
                var hoard: [Int32] = []
                while case let fd = dup(0), fd >= 0 { hoard.append(fd) }
                let address = try SocketAddress.resolve(host: "127.0.0.1", port: listener.port, numericOnly: true)[0]
                _ = Socket.connect(client, to: address)
                let usage = clock()
                // Long enough for a loop that spins to burn the processor; passing does not depend on it. Not by the
                // library's timer: it may want a descriptor, and traps without one.
                usleep(500_000)
                let spent = Double(clock() - usage) / Double(CLOCKS_PER_SEC)
                hoard.forEach { _ = close($0) }
                _ = await accepted.take()
                exit(spent < 0.25 ? EXIT_SUCCESS : EXIT_FAILURE)
            }
        }
    }
#endif
