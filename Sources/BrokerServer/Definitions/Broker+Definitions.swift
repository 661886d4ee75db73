import BrokerCore

extension Broker {
    /// Makes all that a file defines, if all of it can be made; else nothing. What is there already stays as it is.
    ///
    /// Others' turns come in between: whoever asks then sees some of it. Throws where something can't be made.
    public func define(_ file: DefinitionsFile, withUsers: Bool = true) throws(DefinitionsFile.Malformed) {
        let number = state.withLock { state in
            state.snapshotCount += 1
            state.checks[state.snapshotCount] = state.core.beginCheck(of: file.definitions)
            return state.snapshotCount
        }
        defer { state.withLock { $0.checks[number] = nil } }
        do throws(DefinitionsCheck.Failure) {
            while try takeSlice(ofCheck: number) {}
        } catch {
            throw DefinitionsFile.Malformed(place: error.place, reason: error.reason)
        }
        if withUsers { add(file.users) }
        let items = file.definitions.items
        var next = 0
        while next < items.count {
            let most = state.withLock { $0.core.changesOfTurn }
            let slice = items[next..<min(next + most, items.count)]
            let refusals = change(slice.map { .define($0.thing) })
            // Somebody else has taken away meanwhile what it needs.
            for (place, refusal) in refusals { warn("\(slice[next + place].place): \(refusal.reason)") }
            next = slice.endIndex
        }
        for warning in file.warnings { warn("definitions: \(warning)") }
    }

    private func takeSlice(ofCheck number: UInt64) throws(DefinitionsCheck.Failure) -> Bool {
        let result: Result<Bool, DefinitionsCheck.Failure> = state.withLock { state in
            do throws(DefinitionsCheck.Failure) {
                return .success(try state.checks[number]?.takeSlice() ?? false)
            } catch { return .failure(error) }
        }
        return try result.get()
    }

    /// What an operator changes. Returns what was not done, by its place.
    public func change(_ changes: [BrokerChange]) -> [(place: Int, refusal: BrokerChange.Refusal)] {
        state.withLock { state in
            let effects = state.core.step(.change(changes), now: time.now)
            let refusals = effects.refusals
            carryOut(effects, &state)
            return refusals
        }
    }
}
