"""Two private subnets that MWAA can never change, the ways to AWS, and the way to the branches."""

from __future__ import annotations

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.site import HouseStack, Site

ENDPOINTS = (
    "airflow.api",
    "airflow.env",
    "airflow.ops",
    "ecr.api",
    "ecr.dkr",
    "glue",
    "kms",
    "logs",
    "monitoring",
    "redshift-data",
    "secretsmanager",
    "sns",
    "sqs",
    "sts",
)
"""What MWAA itself needs without a way out (logs, monitoring, sqs, kms, ecr, airflow), and what the tasks call."""
MYSQL = 3306


class NetworkStack(HouseStack):
    """VPC, endpoints, security group, flow log."""

    def __init__(self, scope: Construct, site: Site) -> None:
        super().__init__(scope, site, "network", "VPC of MWAA and the contingency task, and the way to the branches")
        network = site.settings.network
        vpn = network.branches_vpn
        inside = ec2.SubnetType.PRIVATE_WITH_EGRESS if network.egress == "nat" else ec2.SubnetType.PRIVATE_ISOLATED
        subnets = [ec2.SubnetConfiguration(name="private", subnet_type=inside, cidr_mask=20)]
        if network.egress == "nat":
            subnets.append(ec2.SubnetConfiguration(name="public", subnet_type=ec2.SubnetType.PUBLIC, cidr_mask=26))
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr(str(network.cidr)),
            max_azs=2,
            nat_gateways={"nat": 2 if site.production else 1, "none": 0}[network.egress],
            subnet_configuration=subnets,
            restrict_default_security_group=False,
            vpn_gateway=vpn is not None,
            vpn_route_propagation=[ec2.SubnetSelection(subnet_type=inside)] if vpn else None,
        )
        for subnet in self.vpc.public_subnets:
            resource = subnet.node.default_child
            assert isinstance(resource, ec2.CfnSubnet)  # noqa: S101 - what a Subnet is made of
            resource.map_public_ip_on_launch = False
        self.private = ec2.SubnetSelection(subnet_type=inside)
        self.private_ids = self.vpc.select_subnets(subnet_type=inside).subnet_ids
        self.security_group = ec2.SecurityGroup(
            self, "Workers", vpc=self.vpc, allow_all_outbound=False,
            description="MWAA and the contingency task: talk to each other, to AWS and to the branches",
        )  # fmt: skip
        self._rules()
        self._ways_to_aws(interface=network.interface_endpoints)
        if vpn is not None:
            self.vpc.add_vpn_connection("Branches", ip=str(vpn.gateway_ip), asn=vpn.asn, static_routes=[str(vpn.cidr)])
        self._flow_log()

    def _rules(self) -> None:
        """MWAA demands a group that may talk to itself. Outside: TLS, and MySQL towards the branches only."""
        group, network = self.security_group, self.site.settings.network
        group.add_ingress_rule(group, ec2.Port.all_traffic(), "MWAA's components among themselves")
        group.add_egress_rule(group, ec2.Port.all_traffic(), "MWAA's components among themselves")
        group.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(443), "AWS and, with a NAT, the package index")
        if network.branches_vpn is not None:
            branches = ec2.Peer.ipv4(str(network.branches_vpn.cidr))
            group.add_egress_rule(branches, ec2.Port.tcp(MYSQL), "the branches' databases")

    def _ways_to_aws(self, *, interface: bool) -> None:
        for service in ("S3", "DYNAMODB"):
            self.vpc.add_gateway_endpoint(
                service.title(), service=getattr(ec2.GatewayVpcEndpointAwsService, service), subnets=[self.private]
            )
        if not interface:
            return
        guard = ec2.SecurityGroup(
            self, "Endpoints", vpc=self.vpc, allow_all_outbound=False, description="TLS from the workers to AWS"
        )
        guard.add_ingress_rule(self.security_group, ec2.Port.tcp(443), "TLS from the workers")
        for name in ENDPOINTS:
            self.vpc.add_interface_endpoint(
                "".join(part.title() for part in name.replace("-", ".").split(".")),
                service=ec2.InterfaceVpcEndpointAwsService(name),
                subnets=self.private,
                security_groups=[guard],
                open=False,
            )

    def _flow_log(self) -> None:
        """Into a group of its own: this stack is the first, so there is no shared key yet."""
        key = kms.Key(
            self, "FlowLogKey", enable_key_rotation=True, description="Flow logs of the VPC", removal_policy=self.retain
        )
        key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="CloudWatchLogs",
                principals=[iam.ServicePrincipal(f"logs.{self.region}.amazonaws.com")],
                actions=["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
                resources=["*"],  # a key policy: * is this key
                conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": self.arn("logs", "*")}},
            )
        )
        group = self.log_group("FlowLog", f"/{self.site.mwaa}/flow", key)
        self.vpc.add_flow_log("Flow", destination=ec2.FlowLogDestination.to_cloud_watch_logs(group))
