import AMQPWire
import TestSupport
import Testing

@testable import BrokerCore

@Suite("Values and tables as RabbitMQ compares them")
struct ErlangTermTests {
    @Test("Numbers are equal by value, whatever their type")
    func numbers() {
        let ones: [FieldValue] = [
            .int8(1), .uint8(1), .int16(1), .uint16(1), .int32(1), .uint32(1), .int64(1), .float(1), .double(1),
            .timestamp(1),
        ]
        for one in ones { for other in ones { #expect(one.isEqualTerm(to: other), "\(one), \(other)") } }
        #expect(FieldValue.double(-0.0).isEqualTerm(to: .int32(0)))
        #expect(!FieldValue.int64(1 << 53 + 1).isEqualTerm(to: .double(9_007_199_254_740_992)))
        #expect(!FieldValue.timestamp(.max).isEqualTerm(to: .int64(-1)))
        #expect(!FieldValue.timestamp(.max).isEqualTerm(to: .double(18_446_744_073_709_551_616)))
        #expect(!FieldValue.float(0.1).isEqualTerm(to: .double(0.1)))
    }

    @Test("What is no number equals none; text equals octets, an empty array an empty table")
    func others() {
        for other in ["1", true, .void, .decimal(scale: 0, value: 1)] as [FieldValue] {
            #expect(!FieldValue.int32(1).isEqualTerm(to: other) && !other.isEqualTerm(to: .int32(1)))
        }
        #expect(FieldValue.string("a").isEqualTerm(to: .bytes([97])) && !FieldValue.string("a").isEqualTerm(to: "b"))
        #expect(FieldValue.array([]).isEqualTerm(to: .table([:])) && FieldValue.table([:]).isEqualTerm(to: .array([])))
        #expect(!FieldValue.array([1]).isEqualTerm(to: .array([.int64(1)])))
        #expect(!FieldValue.table(["a": 1, "b": 2]).isEqualTerm(to: .table(["b": 2, "a": 1])))
    }

    @Test("A declaration is repeated with integers of any width and floats of either, and nothing else")
    func repeated() {
        #expect(FieldValue.int32(1).isSame(as: .int64(1)) && FieldValue.float(1.5).isSame(as: .double(1.5)))
        #expect(!FieldValue.int32(1).isSame(as: .double(1)) && !FieldValue.int32(1).isSame(as: .timestamp(1)))
        #expect(!FieldValue.string("a").isSame(as: .bytes([97])))
    }

    @Test("Fields by name; those of one name stay in their order")
    func sorted() {
        let table = FieldTable([.init("b", 1), .init("a", 2), .init("b", 0), .init("a", 1)])
        #expect(table.sortedByName.fields.map(\.name) == ["a", "a", "b", "b"])
        #expect(table.sortedByName.fields.map { $0.value.integer } == [2, 1, 1, 0])
    }

    @Test("Names of any octets and lengths are sorted as their octets are")
    func sortedNames() {
        var generator = SeededGenerator(seed: 1)
        let fields = (0..<3000).map { number in
            let octets = (0..<Int.random(in: 0...10, using: &generator)).map { _ in
                ([0, 1, 97, 255] as [UInt8]).randomElement(using: &generator) ?? 0
            }
            return FieldTable.Field(ShortString(slice: octets[...]), .int32(Int32(number)))
        }
        let expected = fields.enumerated().sorted {
            ($0.element.name, $0.offset) < ($1.element.name, $1.offset)
        }
        let sorted = FieldTable(fields).sortedByName
        #expect(sorted.fields == expected.map(\.element) && sorted.sortedByName == sorted)
    }

    @Test("Several deaths of one queue and reason are one; without a count they are counted")
    func deaths() {
        func death(_ queue: FieldValue, _ count: FieldValue?) -> FieldValue {
            var death: FieldTable = ["queue": queue, "reason": "expired"]
            death["count"] = count
            return .table(death)
        }
        let header: FieldValue = [
            death("a", 2), death("b", nil), death("a", 9), death("b", nil), death("b", 4), death(1, 7), death(1, 8),
            "no table",
        ]
        let folded = DeathHistory(header).value.array?.compactMap(\.table) ?? []
        #expect(folded.map { $0["count"]?.integer } == [2, 3, 7, 8])
    }
}
