import BrokerServer
import Glibc

let broker = Broker()
let port = try broker.listen(
    port: CommandLine.arguments.firstIndex(of: "--port").flatMap { Int(CommandLine.arguments[$0 + 1]) } ?? 5672)
print(" [*] Broker listening on amqp://127.0.0.1:\(port)/")
while true { sleep(1000) }
