import AMQPWire

/// What its queues ask for.
extension VirtualHost: QueueHost {
    var now: Int64 { core.now }
    var load: Load { core.load }

    func setTimer(_ time: Int64, for queue: any Queue, replacing timer: UInt64) -> UInt64 {
        core.cancelTimer(timer)
        return core.setTimer(time, for: queue)
    }

    func cancelTimer(_ timer: UInt64) { core.cancelTimer(timer) }
    func take(_ letter: DeadLetter) {
        var letter = letter
        if let republished, republished.message === letter.message { letter.origin = republished }
        core.cause(.deadLetter(letter), in: self)
    }
    func later(_ slice: @escaping () -> Bool) { core.later(slice) }
    func end(_ queue: any Queue) {
        let removal = delete(queue) {}
        later { removal(BrokerCore.sliceUnits) == BrokerCore.sliceUnits }
    }
}
