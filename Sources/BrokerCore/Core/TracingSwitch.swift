// Switching the firehose on and off (RabbitMQ: "Firehose Tracer").

extension BrokerCore {
    func setTracing(_ isOn: Bool, in name: String) {
        guard let host = virtualHosts[name], host.isTracingOn != isOn, isOn || !quirk(.tracingStaysOn) else { return }
        host.isTracingOn = isOn
        log(.info, "tracing is \(isOn ? "on" : "off") in vhost \(LogEvent.quoted(name))")
    }
}
