// What can't happen. In tests, in the simulation and under the fuzzer it traps, so that it is found; in the broker that
// people run it costs one connection, with 541 and a line in the log, and not everybody's.

extension BrokerError {
    /// The refusal that comes of a broken invariant. Traps in debug builds, and where `INVARIANTS_TRAP` is defined.
    static func broken(_ what: String, file: StaticString = #fileID, line: UInt = #line) -> BrokerError {
        #if DEBUG || INVARIANTS_TRAP
            fatalError("an invariant is broken: \(what)", file: file, line: line)
        #else
            return BrokerError(.internalError, "an invariant of the broker is broken (\(file):\(line)): \(what)")
        #endif
    }
}

/// Throws 541 when the condition does not hold; traps in debug builds, and where `INVARIANTS_TRAP` is defined.
@inline(__always)
func invariant(
    _ condition: Bool, _ what: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line
) throws(BrokerError) {
    if !condition { throw .broken(what(), file: file, line: line) }
}
