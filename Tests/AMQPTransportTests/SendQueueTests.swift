import SeededGenerator
import TestSupport
import Testing

@testable import AMQPTransport

@Suite(.watched)
struct SendQueueTests {
    @Test(arguments: [1, 2] as [UInt64])
    func octetsLeaveInTheOrderInWhichTheyCame(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var (queue, next, sent) = (SendQueue(), 0, 0)
        for _ in 0..<200 {
            if Bool.random(using: &random) {
                let most = [10, 1000, 70_000].randomElement(using: &random) ?? 1
                let count = Int.random(in: 1...most, using: &random)
                let octets = (next..<next + count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
                octets.withUnsafeBytes { queue.append($0) }
                next += count
            } else if !queue.isEmpty {
                let count = queue.withOldest { oldest in
                    let count = Int.random(in: 1...oldest.count, using: &random)
                    let isRight = oldest[..<count].enumerated().allSatisfy {
                        $1 == UInt8(truncatingIfNeeded: (sent + $0) &* 31)
                    }
                    #expect(isRight)
                    return count
                }
                queue.removeFirst(count)
                sent += count
            }
            #expect(queue.count == next - sent && queue.isEmpty == (next == sent))
        }
    }

    /// What is counted for a client that doesn't read is what it has to be sent.
    @Test(arguments: [100, 10_000, 100_000])
    func thereIsLittleRoomToSpare(size: Int) {
        var queue = SendQueue()
        let octets = [UInt8](repeating: 1, count: size)
        for _ in 0..<(1_000_000 / size) { octets.withUnsafeBytes { queue.append($0) } }
        #expect(queue.count == 1_000_000 && queue.capacity < 1_100_000)
        while !queue.isEmpty { queue.removeFirst(queue.withOldest(\.count)) }
        #expect(queue.capacity <= 1 << 17)
    }
}
